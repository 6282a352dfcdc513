"""How a delivery ends: done, delayed, or a dead letter."""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from tagbot.errors import Retry
from tagbot.lib.outage_log import OutageLog
from tagbot.queues.disk.dead_letters import bury
from tagbot.queues.disk.delays import Clock, Delays
from tagbot.queues.disk.queue_file import QueueFile
from tagbot.queues.disk.wake_ups import WakeUps

log = logging.getLogger(__name__)


def drop(file: QueueFile, row: int) -> bool:
    """Delete a message whose work is done. Marking it done and clearing later is two writes, and growth.

    Whether it is ready once more instead, as it was put again meanwhile.
    """
    if file.write("DELETE FROM ack_queue_messages WHERE _id = ? AND status = 2 AND NOT again", row):
        return False
    ready = file.write(
        "UPDATE ack_queue_messages SET status = 1, again = 0, attempt = 1, crashes = 0,"
        " failing_since = NULL WHERE _id = ? AND status = 2",
        row,
    )
    return ready > 0


class Settling:
    """Writes the ends of deliveries, at once or, if the disk refuses, later.

    Raising would leave the message in flight until a restart. Forgetting is no danger: after a crash before
    it is written, the message comes again.
    """

    def __init__(self, name: str, file: QueueFile, delays: Delays, clock: Clock, wake_ups: WakeUps) -> None:
        self._name = name
        self._file = file
        self._delays = delays
        self._clock = clock
        self._wake_ups = wake_ups
        self._unwritten: deque[Callable[[], object]] = deque()
        self._outage = OutageLog()

    @property
    def is_behind(self) -> bool:
        """Whether the disk has refused ends that are still to be written."""
        return bool(self._unwritten)

    def ack(self, row: int) -> None:
        """The message is done."""

        def write() -> None:
            if drop(self._file, row):
                self._wake_ups.wake_one()

        self._settle(write)

    def retry_after(self, row: int, seconds: float, error: str) -> None:
        """The message is tried again, `seconds` from now."""
        not_before = self._clock() + seconds

        def write() -> None:
            self._delays.delay(row, seconds, not_before, error)
            self._wake_ups.wake_one()  # a waiting thread may have to wait less long

        self._settle(write)

    def bury(self, row: int, error: str, *, given_up: bool = False) -> None:
        """The message becomes a dead letter."""
        self._settle(partial(bury, self._file, row, error, self._clock() if given_up else None))

    def catch_up(self) -> None:
        """Write the ends that the disk has refused."""
        for _ in range(len(self._unwritten)):
            with suppress(IndexError):  # another thread was faster
                self._settle(self._unwritten.popleft())

    def _settle(self, write: Callable[[], object]) -> None:
        what = f"the end of a message of {self._name} is written later"
        try:
            write()
        except Retry as refused:
            self._outage.fails(log, what, refused.reason)
            self._unwritten.append(write)
        else:
            if not self._unwritten:
                self._outage.works(log, what)


@dataclass(frozen=True, slots=True)
class DiskDelivery:
    """A message in flight."""

    id: str
    body: Mapping[str, Any]
    attempt: int
    _row: int
    _settling: Settling

    def ack(self) -> None:
        self._settling.ack(self._row)

    def retry_after(self, seconds: float, error: str) -> None:
        self._settling.retry_after(self._row, seconds, error)

    def bury(self, error: str, *, given_up: bool = False) -> None:
        self._settling.bury(self._row, error, given_up=given_up)
