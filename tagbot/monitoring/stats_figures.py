"""The figures of `stats`, as `stats --json` prints them: how much is asked of people, and how well they and
the machine do.

Nothing here knows a tagger: how right or how fast one is, is nobody's business.
"""

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from tagbot.database.models.bookkeeping import Effort
from tagbot.database.models.guesses import Guess
from tagbot.database.models.labelled_faces import LabelledFace, count_asked, count_labelled, last_labelled
from tagbot.database.opening import connected
from tagbot.lib.estimates import krippendorff_alpha
from tagbot.training.usage import calls_so_far, dollars
from tagbot.vocabulary import SpecialAnswer

LAST = 10_000
"""Faces by which it is judged how people agree and how long they take: of a million, more would take
seconds, and what was years ago says little.
"""


def collect(last: int = LAST, *, may_vote: bool = False) -> dict[str, Any]:
    """All figures; whether the machine `may_vote` is set. Raises `Retry` while the database is away."""
    with connected():
        calls = calls_so_far()
        return {
            **count_asked(),
            **of_people(last_labelled(last), labelled=count_labelled(), **Effort.counts()),
            "machine": of_machine(may_vote=may_vote),
            "aws": {"calls": calls, "dollars": dollars(calls)},
        }


def of_people(last: Iterable[LabelledFace], *, labelled: int, answers: int, clicks: int) -> dict[str, Any]:
    """An answer about several faces is one of `answers`."""
    faces = list(last)
    opinions = ([each for each in face.answers if each != SpecialAnswer.DONT_KNOW] for face in faces)
    seconds = [face.seconds for face in faces if face.seconds is not None]
    return {
        "labelled": labelled,
        "answers": answers,
        "clicks": clicks,
        "answers_per_face": _share(answers, labelled),
        "clicks_per_face": _share(clicks, labelled),
        "agreed_at_once": _share(sum(len(set(face.answers)) == 1 for face in faces), len(faces)),
        "alpha": krippendorff_alpha(opinions),
        "median_seconds": median(seconds) if seconds else None,
    }


def of_machine(*, may_vote: bool) -> Mapping[str, Any]:
    """How it did, where it was sure and people alone decided; `may_vote` as is set."""
    record = Guess.record()
    return {
        "sure": record.sure,
        "right": record.right,
        "precision": record.precision,
        "lower_bound": record.lower_bound,
        "votes": may_vote and record.earns_vote,
    }


def _share(some: int, of: int) -> float:
    return some / of if of else 0.0
