"""What Amazon SQS cannot be told or asked for, in the database: which messages failed, how often, and why.

Only what fails is noted, and what is in hand when a bot ends: a message that is done at once never comes
here. Every method raises `Retry` when the database cannot be reached.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from peewee import EXCLUDED, fn

from tagbot.database.connection import connected
from tagbot.database.models.bookkeeping import FailedMessage
from tagbot.database.outages import reached
from tagbot.database.write_lock import writing
from tagbot.queues import Failing, Trouble
from tagbot.queues.envelope import Envelope, storable

DELAYED, DEAD, REVIVED, RELEASED = "delayed", "dead", "revived", "released"
"""States. A dead letter is revived when its message was put again: then there is nothing to redrive. What a
bot gives back unfinished when it ends is released: no more is known of it than that this was no crash.
"""

TROUBLED = DELAYED, DEAD
"""The states of messages that failed."""

_KEY = [FailedMessage.queue, FailedMessage.message_id]


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of one message."""

    state: str
    attempt: int
    """The next one's number."""
    received: int
    """How often SQS had handed it out when this was noted."""
    not_before: float
    """When the next one is due; seconds since 1970."""
    failing_since: float | None
    """Its first failure in a row; seconds since 1970."""


@contextmanager
def _database() -> Iterator[None]:
    """A connection: the worker's own, or one for this question."""
    with reached(), connected():
        yield


class Notes:
    """Of one queue, by all bots. Any thread may use it."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._here = FailedMessage.queue == queue

    def of(self, message_id: str) -> Note | None:
        """What is known of a message; None of one that has not failed."""
        with _database():
            row = FailedMessage.get_or_none(self._here & (FailedMessage.message_id == storable(message_id)))
        if row is None:
            return None
        return Note(row.state, row.attempt, row.received, row.not_before, row.failing_since)

    def delayed(
        self,
        message: Envelope,
        error: str,
        *,
        attempt: int,
        received: int,
        not_before: float,
        failing_since: float | None,
    ) -> None:
        """It waits for its next attempt."""
        self._put(
            message,
            state=DELAYED,
            error=error,
            attempt=attempt,
            received=received,
            not_before=not_before,
            failing_since=failing_since,
        )

    def handed_out(self, message_id: str, received: int) -> None:
        """SQS has handed it out so often, and it still waits."""
        with _database(), writing():
            FailedMessage.update(received=received).where(
                self._here & (FailedMessage.message_id == storable(message_id))
            ).execute()

    def released(self, in_hand: Iterable[tuple[Envelope, int]], now: float) -> None:
        """A bot that ended gave these back, each with how often SQS had handed it out: those were no crashes.
        What was noted before stays, and so does what another bot may have noted since.
        """
        with _database(), writing():
            for message, received in in_hand:
                row = self._row(
                    message,
                    state=RELEASED,
                    error="",
                    attempt=1,
                    received=received,
                    not_before=now,
                    failing_since=None,
                )
                FailedMessage.insert(row).on_conflict(
                    conflict_target=_KEY,
                    preserve=[FailedMessage.received],
                    where=EXCLUDED.received > FailedMessage.received,
                ).execute()

    def dead(self, message: Envelope, error: str, now: float, failing_since: float | None) -> None:
        """It is a dead letter now; one that never can work has not failed since any time."""
        self._put(
            message,
            state=DEAD,
            error=error,
            attempt=1,
            received=0,
            not_before=now,
            failing_since=failing_since,
        )

    def revived(self, message_id: str) -> None:
        """The dead letter's message is here anew."""
        with _database(), writing():
            FailedMessage.update(state=REVIVED).where(
                self._here
                & (FailedMessage.message_id == storable(message_id))
                & (FailedMessage.state == DEAD)
            ).execute()

    def forget(self, message_id: str, *states: str) -> bool:
        """It has no trouble any more; whether there was a note in one of the states."""
        with _database(), writing():
            found = self._here & (FailedMessage.message_id == storable(message_id))
            deleted: int = FailedMessage.delete().where(found & FailedMessage.state.in_(states)).execute()
        return deleted > 0

    def settled(self, message_id: str, note: Note) -> None:
        """What it waited for is done; a note made since is about the same message told anew, and stays."""
        with _database(), writing():
            FailedMessage.delete().where(
                self._here
                & (FailedMessage.message_id == storable(message_id))
                & (FailedMessage.state == note.state)
                & (FailedMessage.not_before == note.not_before)
            ).execute()

    def forget_all(self, *states: str) -> None:
        """The queue that held these messages is gone."""
        with _database(), writing():
            FailedMessage.delete().where(self._here & FailedMessage.state.in_(states)).execute()

    def waiting(self, now: float) -> int:
        """How many messages wait for an attempt that is not due yet."""
        due_later = (FailedMessage.state == DELAYED) & (FailedMessage.not_before > now)
        return self._count(due_later)

    def number(self, state: str) -> int:
        """How many notes say so."""
        return self._count(FailedMessage.state == state)

    def forget_before(self, moment: float) -> None:
        """Forget what was to come, or died, before then."""
        with _database(), writing():
            FailedMessage.delete().where(self._here & (FailedMessage.not_before < moment)).execute()

    def troubles(self) -> list[Trouble]:
        """As the queue's."""
        rows: Any = (
            FailedMessage.select(
                FailedMessage.state,
                FailedMessage.error,
                fn.COUNT(FailedMessage.message_id),
                fn.MIN(FailedMessage.first_seen),
                fn.MIN(FailedMessage.not_before),
            )
            .where(self._here & FailedMessage.state.in_(TROUBLED))
            .group_by(FailedMessage.state, FailedMessage.error)
            .order_by(fn.COUNT(FailedMessage.message_id).desc(), FailedMessage.error)
            .tuples()
        )
        with _database():
            found = list(rows)
        return [
            Trouble(state, error, count, since, until if state == DELAYED else None)
            for state, error, count, since, until in found
        ]

    def failing(self) -> Failing:
        """As the queue's. A note on what waits stays until that has worked, also while it is in hand."""
        states = ((fn.MIN, DELAYED), (fn.MAX, DEAD))
        with _database():
            since = [
                FailedMessage.select(which(FailedMessage.failing_since))
                .where(self._here & (FailedMessage.state == state))
                .scalar()
                for which, state in states
            ]
        return Failing(*since)

    def oldest(self) -> float | None:
        """When the first message that waits for another attempt was first seen."""
        with _database():
            first_seen: float | None = (
                FailedMessage.select(fn.MIN(FailedMessage.first_seen))
                .where(self._here & (FailedMessage.state == DELAYED))
                .scalar()
            )
        return first_seen

    def _count(self, condition: Any) -> int:
        with _database():
            number: int = FailedMessage.select().where(self._here & condition).count()
        return number

    def _put(self, message: Envelope, **what: Any) -> None:
        with _database(), writing():
            FailedMessage.insert(self._row(message, **what)).on_conflict(
                conflict_target=_KEY, preserve=[getattr(FailedMessage, name) for name in what]
            ).execute()

    def _row(self, message: Envelope, **what: Any) -> dict[str, Any]:
        return {
            "queue": self._queue,
            "message_id": storable(message.id),
            "key": storable(message.key),
            "first_seen": message.seen or 0.0,
            **what,
            "error": storable(what["error"]),
        }
