"""The rule of consensus, pure: from what people answered to what follows."""

from collections.abc import Iterable
from dataclasses import dataclass

from tagbot.vocabulary import SpecialAnswer


@dataclass(frozen=True, slots=True)
class Answer:
    """A tagger's last answer; each tagger has one."""

    tagger: str
    answer: str
    at: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How many people it takes."""

    required_votes: int
    """People who give the same answer."""
    unknown_after: int
    """People who cannot tell, for a face that nobody has named."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """Enough people gave the same answer."""

    answer: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Enough people cannot tell, and nobody has named anyone."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """More answers are needed; nobody contradicts."""


@dataclass(frozen=True, slots=True)
class PeopleDiffer:
    """There are several opinions, and none has enough votes yet."""


Consensus = Agreed | Unknown | Waiting | PeopleDiffer


def consensus(answers: Iterable[Answer], rule: Rule) -> Consensus:
    """From all answers about a face to their outcome.

    A simple majority of independent looks is what works best for faces (Kramer and Javorková, 2024). Where
    two answers have enough votes at once, more votes win, then the answer that had enough of them first. A
    tagger who does not know takes no side.
    """
    times: dict[str, list[float]] = {}
    for given in answers:
        times.setdefault(given.answer, []).append(given.at)
    unsure = len(times.pop(SpecialAnswer.DONT_KNOW, ()))
    enough = {answer: sorted(at) for answer, at in times.items() if len(at) >= rule.required_votes}
    if enough:
        needed = rule.required_votes - 1
        return Agreed(min(enough, key=lambda each: (-len(enough[each]), enough[each][needed], each)))
    if unsure >= rule.unknown_after and not times.keys() - {SpecialAnswer.NOT_A_FACE}:
        return Unknown()
    return PeopleDiffer() if len(times) > 1 else Waiting()
