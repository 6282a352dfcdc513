"""Messages that failed, how often and why, in the database: Amazon SQS cannot be told or asked for that.

Only failures are recorded, and messages in flight when a bot ends: one that is done at once never comes here.
Every method raises `Retry` when the database cannot be reached.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from peewee import EXCLUDED, fn

from tagbot.aws.sqs_api import Received
from tagbot.database.models.bookkeeping import FailedMessage
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.database.write_lock import writing
from tagbot.queues import Failing, Trouble
from tagbot.queues.envelope import Envelope, storable

DELAYED, DEAD, REVIVED, RELEASED = "delayed", "dead", "revived", "released"
"""States. A dead letter is revived when its message was put again: then there is nothing to redrive. A
released message was given back unfinished by a bot that ended: only that this was no crash is known of it.
"""

FAILED = DELAYED, DEAD

_KEY = [FailedMessage.queue, FailedMessage.message_id]


@dataclass(frozen=True, slots=True)
class FailureRecord:
    """Of one message."""

    state: str
    attempt: int
    """The next one's number."""
    received: int
    """How often SQS had handed it out by then."""
    not_before: float
    """When the next one is due; seconds since 1970."""
    failing_since: float | None
    """Its first failure in a row; seconds since 1970."""


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """One that SQS shows to nobody before its next attempt is due."""

    id: str
    handle: str
    text: str
    """With the reason why it waits, on a line of its own."""


@contextmanager
def _database() -> Iterator[None]:
    """A connection: the worker's own, or one for this question."""
    with reached(), connected():
        yield


class FailedMessages:
    """The records of one queue, by all bots. Any thread may use it."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._here = FailedMessage.queue == queue

    def find(self, message_id: str) -> FailureRecord | None:
        """None for a message that has not failed."""
        with _database():
            row = FailedMessage.get_or_none(self._here & (FailedMessage.message_id == storable(message_id)))
        if row is None:
            return None
        return FailureRecord(row.state, row.attempt, row.received, row.not_before, row.failing_since)

    def why_dead(self, message_id: str) -> str | None:
        """Why it is a dead letter; None where it is none."""
        this = self._here & (FailedMessage.message_id == storable(message_id))
        with _database():
            row = FailedMessage.get_or_none(this & (FailedMessage.state == DEAD))
        return None if row is None else str(row.error)

    def delayed(
        self,
        message: Envelope,
        error: str,
        *,
        attempt: int,
        received: Received | None,
        not_before: float,
        failing_since: float | None,
    ) -> None:
        """It waits for its next attempt; SQS has handed it out, or not yet."""
        self._put(
            message,
            state=DELAYED,
            error=error,
            attempt=attempt,
            not_before=not_before,
            failing_since=failing_since,
            **_handed_out(received),
        )

    def handed_out(self, message_id: str, received: Received) -> None:
        """SQS has handed it out, and it still waits."""
        with _database(), writing():
            FailedMessage.update(**_handed_out(received)).where(
                self._here & (FailedMessage.message_id == storable(message_id))
            ).execute()

    def shown_to_nobody(self, now: float) -> list[WaitingMessage]:
        """Those that wait, of which it is known what they say."""
        waiting = (FailedMessage.state == DELAYED) & (FailedMessage.not_before > now)
        known = FailedMessage.handle.is_null(False) & FailedMessage.text.is_null(False)
        with _database():
            rows = list(FailedMessage.select().where(self._here & waiting & known))
        return [WaitingMessage(row.message_id, str(row.handle), f"{row.text}\n{row.error}") for row in rows]

    def error(self, message_id: str) -> str:
        """Why it failed; empty where it has not."""
        with _database():
            row = FailedMessage.get_or_none(self._here & (FailedMessage.message_id == storable(message_id)))
        return "" if row is None else row.error

    def released(self, in_flight: Iterable[tuple[Envelope, int]], now: float) -> None:
        """A bot that ended gave these back, each with how often SQS had handed it out: those were no crashes.
        Earlier records stay, and so do those that another bot may have made since.
        """
        with _database(), writing():
            for message, received in in_flight:
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
            not_before=now,
            failing_since=failing_since,
            **_handed_out(None),
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
        """Whether there was a record in one of the states."""
        with _database(), writing():
            found = self._here & (FailedMessage.message_id == storable(message_id))
            deleted: int = FailedMessage.delete().where(found & FailedMessage.state.in_(states)).execute()
        return deleted > 0

    def settled(self, message_id: str, record: FailureRecord) -> None:
        """Its attempt succeeded; a record made since is about the same message put anew, and stays."""
        with _database(), writing():
            FailedMessage.delete().where(
                self._here
                & (FailedMessage.message_id == storable(message_id))
                & (FailedMessage.state == record.state)
                & (FailedMessage.not_before == record.not_before)
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
        """How many records have this state."""
        return self._count(FailedMessage.state == state)

    def forget_before(self, moment: float) -> None:
        """Forget messages that were due, or became dead letters, before then."""
        with _database(), writing():
            FailedMessage.delete().where(self._here & (FailedMessage.not_before < moment)).execute()

    def troubles(self) -> list[Trouble]:
        """As `SharedQueue.troubles`."""
        rows: Any = (
            FailedMessage.select(
                FailedMessage.state,
                FailedMessage.error,
                fn.COUNT(FailedMessage.message_id),
                fn.MIN(FailedMessage.first_seen),
                fn.MIN(FailedMessage.not_before),
            )
            .where(self._here & FailedMessage.state.in_(FAILED))
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
        """As `Queue.failing`. The record of a delayed message stays until that is done, also in flight."""
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


def _handed_out(received: Received | None) -> dict[str, Any]:
    """What is noted of the latest handing-out; nothing of a message that lies there for everybody."""
    if received is None:
        return {"received": 0, "handle": None, "text": None}
    return {"received": received.times, "handle": received.handle, "text": storable(received.text)}
