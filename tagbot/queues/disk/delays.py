"""Messages that wait for their next attempt."""

import math
from collections.abc import Callable
from threading import Lock

from tagbot.queues.disk.queue_file import QueueFile
from tagbot.queues.envelope import storable

Clock = Callable[[], float]
"""Seconds since 1970."""

CLOCK_STEP_SECONDS = 1.0
"""A clock that goes back by less was not set, only read by two threads or corrected a little."""

WAKE_BATCH = 1000
"""Due messages made ready in one transaction: some milliseconds, for which a put has to wait."""


class Delays:
    """The delayed messages of a file, for the one process that works on it."""

    def __init__(self, file: QueueFile, clock: Clock) -> None:
        """Raises `Retry`."""
        self._file = file
        self._clock = clock
        self._lock = Lock()
        self._looked_at = clock()
        self._shorten(self._looked_at)
        self._next_due = self._first_due()

    def delay(self, row: int, seconds: float, not_before: float, error: str) -> None:
        """Let a message in flight wait for its next attempt."""
        # Its stage came back from it, so that an earlier crash was not this message's fault.
        self._file.write(
            "UPDATE ack_queue_messages SET status = 3, attempt = attempt + 1, crashes = 0, again = 0,"
            " delay = ?, not_before = ?, error = ?, failing_since = coalesce(failing_since, ?)"
            " WHERE _id = ? AND status = 2",
            seconds,
            not_before,
            storable(error),
            not_before - seconds,
            row,
        )
        with self._lock:
            self._next_due = min(self._next_due, not_before)

    def wake(self) -> int:
        """Make messages ready that are due, up to `WAKE_BATCH`; how many. One comparison when none is."""
        now = self._clock()
        set_back = now < self._looked_at - CLOCK_STEP_SECONDS
        self._looked_at = now
        if not set_back and now < self._next_due:
            return 0
        with self._lock:  # a delay between the look and the assignment would be forgotten
            if set_back:
                self._shorten(now)
            woken = self._file.write(
                "UPDATE ack_queue_messages SET status = 1 WHERE _id IN (SELECT _id FROM ack_queue_messages"
                " WHERE status = 3 AND status > 2 AND not_before <= ? ORDER BY not_before LIMIT ?)",
                now,
                WAKE_BATCH,
            )
            self._next_due = self._first_due()
        return woken

    def due_in(self) -> float:
        """Seconds until the next message is due; infinity without one."""
        return max(0.0, self._next_due - self._clock())

    def _shorten(self, now: float) -> None:
        """Let no message wait longer than was asked for: a clock set back would add as much."""
        self._file.write(
            "UPDATE ack_queue_messages SET not_before = ? + delay"
            " WHERE status = 3 AND status > 2 AND not_before > ? + delay",
            now,
            now,
        )

    def _first_due(self) -> float:
        [(due,)] = self._file.read(
            "SELECT min(not_before) FROM ack_queue_messages WHERE status = 3 AND status > 2"
        )
        return math.inf if due is None else float(due)
