"""The rule of consensus, pure: from what people answered to what follows."""

from collections.abc import Iterable
from dataclasses import dataclass

from tagbot.messages import DONT_KNOW


@dataclass(frozen=True, slots=True)
class Answer:
    """What one tagger said last; taggers differ."""

    tagger: str
    answer: str
    at: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """Enough people gave the same answer."""

    answer: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """More answers are needed; nobody contradicts."""


@dataclass(frozen=True, slots=True)
class PeopleDiffer:
    """There are several opinions, and none has enough votes yet."""


def consensus(answers: Iterable[Answer], required_votes: int) -> Agreed | Waiting | PeopleDiffer:
    """What the answers amount to.

    A simple majority of independent looks is what works best for faces (Kramer and Javorková, 2024). Where two
    answers have enough votes at once, more votes win, then whoever had enough of them first; who does not
    know takes no side.
    """
    times: dict[str, list[float]] = {}
    for given in answers:
        if given.answer != DONT_KNOW:
            times.setdefault(given.answer, []).append(given.at)
    enough = {answer: sorted(at) for answer, at in times.items() if len(at) >= required_votes}
    if enough:
        return Agreed(
            min(enough, key=lambda each: (-len(enough[each]), enough[each][required_votes - 1], each))
        )
    return PeopleDiffer() if len(times) > 1 else Waiting()
