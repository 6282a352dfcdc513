"""Faces that people labelled: each has its person, or is none."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from peewee import JOIN

from tagbot.consensus import Answer, opinions
from tagbot.database.models.base import database, execute
from tagbot.database.models.bookkeeping import Effort, Tally
from tagbot.database.models.faces import Face
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.vocabulary import MACHINE, RejectionReason, State


@dataclass(frozen=True, slots=True)
class LabelledFace:
    """How people came to label a face."""

    answers: tuple[Hashable, ...]
    """The last one of each person who answered: equal where they said the same."""
    seconds: float | None
    """From the request to the decision; None where an earlier version did not note when it was posted."""


IS_NONE = Face.reason == RejectionReason.NOT_A_FACE


# Written out: SQLite uses an index of some rows alone where it sees which ones are meant.
NEVER_ASKED = "SELECT COUNT(*) FROM face WHERE state = 'rejected' AND closed_at IS NULL"


def count_asked() -> dict[str, int]:
    """How many faces people were `asked` about, and how many of these are `closed`; with those that were
    forgotten since. One that waits to be asked about again is not among them.
    """
    counts, [never_asked] = Face.counts(), execute(NEVER_ASKED).fetchone()
    closed = counts[State.TAGGED] + counts[State.REJECTED] - never_asked + Effort.forgotten()
    return {"asked": counts[State.OPEN] + counts[State.TRAINING] + closed, "closed": closed}


def count_labelled() -> int:
    """How many there are, with those that were forgotten since: the answers about them are counted too."""
    return Effort.forgotten() + Tally.get_by_id(State.TAGGED).count + Face.select().where(IS_NONE).count()


def last_labelled(limit: int) -> Iterator[LabelledFace]:
    """The last ones, so many at most."""
    tagged = _last(Face.state == State.TAGGED, Face.tagged_at, limit)
    none = _last(IS_NONE, Face.closed_at, limit)
    last = sorted([*tagged, *none], key=lambda row: row[1] or 0.0, reverse=True)[:limit]
    votes = Vote.as_given([face_id for face_id, _, _ in last])  # what they said then stays, whoever is merged
    for face_id, closed_at, posted_at in last:
        seconds = closed_at - posted_at if closed_at is not None and posted_at is not None else None
        yield LabelledFace(tuple(_of_people(votes[face_id])), seconds)


def _last(which: Any, by: Any, limit: int) -> list[tuple[str, float | None, float | None]]:
    """Id, and when people decided and were asked, of the last of some faces."""
    columns = Face.id, Face.closed_at, Request.posted_at
    query: Any = Face.select(*columns).join(Request, JOIN.LEFT_OUTER).where(which)
    return list(database.execute(query.order_by(by.desc(), Face.id.desc()).limit(limit)))


def _of_people(votes: list[Answer]) -> Iterator[Hashable]:
    for opinion, given in opinions(vote for vote in votes if vote.tagger != MACHINE).items():
        yield from [opinion] * len(given)
