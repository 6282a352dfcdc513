"""The rule of consensus, pure: from what people answered to what follows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tagbot.vocabulary import SpecialAnswer


@dataclass(frozen=True, slots=True)
class Answer:
    """A tagger's last answer; each tagger has one."""

    tagger: str
    answer: str
    at: float
    """Seconds since 1970."""
    name_key: str = ""
    """Of the person without a Slack account whom the tagger named: the same for all spellings of one name."""
    email_key: str = ""
    """The same for all spellings of the address that the tagger gave with the name; empty for none."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How many people it takes, and whether the machine may stand for one of them."""

    required_votes: int
    """People who give the same answer."""
    unknown_after: int
    """People who cannot tell, for a face that nobody has named."""
    machine_votes: bool = False
    """Whether the machine's opinion counts as a vote, while its record earns that."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """Enough people gave the same answer."""

    answer: str
    """Of two spellings of one name, the earlier one's."""
    answers: tuple[Answer, ...] = field(default=(), compare=False)
    """Those that agree, oldest first."""


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


def consensus(answers: Iterable[Answer], rule: Rule, machine: Answer | None = None) -> Consensus:
    """From all answers about a face to their outcome.

    The machine's vote counts for an answer that a person gave, and is no opinion by itself.

    A simple majority of independent looks is what works best for faces (Kramer and Javorková, 2024). Where
    two answers have enough votes at once, more votes win, then the answer that had enough of them first. A
    tagger who does not know takes no side.
    """
    people = list(answers)
    sure = [each for each in people if each.answer != SpecialAnswer.DONT_KNOW]
    unsure = len(people) - len(sure)
    differing = opinions(sure)
    given_by_some = differing if machine is None else opinions([*sure, machine])
    enough = [
        given
        for given in given_by_some.values()
        if len(given) >= rule.required_votes and any(each is not machine for each in given)
    ]
    if enough:
        needed = rule.required_votes - 1
        most = min(enough, key=lambda given: (-len(given), given[needed].at, given[0].answer))
        return Agreed(most[0].answer, tuple(most))
    if unsure >= rule.unknown_after and not differing.keys() - {SpecialAnswer.NOT_A_FACE}:
        return Unknown()
    return PeopleDiffer() if len(differing) > 1 else Waiting()


def lacks_one_answer(answers: Iterable[Answer], rule: Rule) -> bool:
    """Whether one more person who agrees would be enough."""
    sure = [each for each in answers if each.answer != SpecialAnswer.DONT_KNOW]
    return max(map(len, opinions(sure).values()), default=0) + 1 >= rule.required_votes


def opinions(answers: Iterable[Answer]) -> dict[str | tuple[str, str], list[Answer]]:
    """The answers that say the same, oldest first.

    Two spellings of a name are one person, unless both came with an email address and these differ. A name
    without an address goes with the address that most taggers gave, of equals with the first.
    """
    opinions: dict[str | tuple[str, str], list[Answer]] = {}
    named: dict[str, list[Answer]] = {}
    for each in sorted(answers, key=lambda each: (each.at, each.tagger, each.answer)):
        if each.name_key:
            named.setdefault(each.name_key, []).append(each)
        else:
            opinions.setdefault(each.answer, []).append(each)
    for name, those in named.items():
        emails = Counter(each.email_key for each in those if each.email_key)
        likeliest = max(emails, key=lambda email: emails[email], default="")
        for each in those:
            opinions.setdefault((name, each.email_key or likeliest), []).append(each)
    return opinions
