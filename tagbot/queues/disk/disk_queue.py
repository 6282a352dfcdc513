"""A queue on disk in the one process that works on it."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from tagbot.errors import Retry
from tagbot.queues.counts import Failing
from tagbot.queues.disk import counting
from tagbot.queues.disk.acknowledging import DiskDelivery, Settling
from tagbot.queues.disk.claims import claim, take_up
from tagbot.queues.disk.dead_letters import redrive
from tagbot.queues.disk.delays import Clock, Delays
from tagbot.queues.disk.other_processes import DiskQueueBeside
from tagbot.queues.disk.putting import put
from tagbot.queues.disk.queue_file import QueueFile, QueueUnusable
from tagbot.queues.disk.wake_ups import WakeUps
from tagbot.queues.envelope import Envelope

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
"""How long a waiting `get` relies on wake-ups: another process, which redrives, cannot send one."""


class DiskQueue(DiskQueueBeside):
    """While its file cannot be used, the file stays as it is, and every method raises `QueueUnusable`. Each
    `get` tries to open it again: the disk may be back, another program may have let go of the file, or it may
    have been restored.
    """

    _delays: Delays
    _settling: Settling

    def __init__(
        self,
        directory: Path,
        name: str,
        clock: Clock,
        look_seconds: float = LOOK_SECONDS,
        wake_ups: WakeUps | None = None,
    ) -> None:
        super().__init__(directory, name, clock)
        self._look_seconds = look_seconds
        self._wake_ups = wake_ups or WakeUps()
        self._exhausted_at = -1
        """The count of wake-ups by which nothing was left to hand out."""
        self._opening = Lock()
        self._problem = ""
        self._try_to_open()

    def put(self, message_id: str, key: str, body: Mapping[str, Any]) -> None:
        # A worker begins while this waits for the disk. Should that fail, or a power cut come first, the
        # caller has heard of no success and puts it again: it may be worked on twice, as after any crash.
        put(self._opened(), Envelope(message_id, key, body), self._clock(), self._wake_ups.wake_one)

    def get(self, timeout: float) -> DiskDelivery | None:
        if self._file is None:
            self._try_to_open()
        until = time.monotonic() + timeout
        # To look costs as much as a claim, and would disturb a put.
        in_vain = timeout > 0 and self._wake_ups.count == self._exhausted_at and not self._settling.is_behind
        try:
            while not self._closed:
                count = self._wake_ups.count
                if not in_vain and (delivery := self._look()) is not None:
                    return delivery
                in_vain = False
                if (left := until - time.monotonic()) <= 0:
                    return None
                self._wake_ups.wait(count, min(left, self._look_seconds, self._delays.due_in()))
        except Retry:
            if not self._closed:
                raise
        return None

    def failing(self) -> Failing:
        return counting.failing(self._opened())

    def drop(self, concerns: Callable[[str], bool]) -> int:
        self._settling.catch_up()
        return super().drop(concerns)

    def redrive(self, key: str | None = None) -> int:
        return redrive(self._opened(), key, self._wake_ups.wake_all)

    def tidy(self) -> None:
        # Only the log needs it: done messages are gone, and their place in the file is used again. It is cut
        # off as well, as it would keep them.
        self._opened().checkpoint("TRUNCATE")

    def close(self) -> None:
        if self._file is not None:
            self._settling.catch_up()
        with self._opening:
            super().close()
        self._wake_ups.close()

    def _opened(self) -> QueueFile:
        if self._file is None:
            raise QueueUnusable(self._problem)
        return self._file

    def _existing(self) -> QueueFile:
        return self._opened()

    def _try_to_open(self) -> None:
        with self._opening:
            if self._closed or self._file is not None:
                return
            try:
                file = QueueFile(self._path)
            except QueueUnusable as problem:
                self._problem = problem.reason
                return
            try:
                taken_up = take_up(file)
                self._delays = Delays(file, self._clock)
            except Retry as refused:
                file.close()
                self._problem = QueueUnusable.because(self._path, refused.__cause__ or refused).reason
                return
            if taken_up:
                log.warning("%s: %d messages were in flight when the bot stopped", self.name, taken_up)
            self._settling = Settling(self.name, file, self._delays, self._clock, self._wake_ups)
            self._file = file

    def _look(self) -> DiskDelivery | None:
        """The oldest ready message; an unreadable one becomes a dead letter and holds up no other."""
        file = self._opened()
        self._settling.catch_up()
        if self._delays.wake() > 1:
            self._wake_ups.wake_all()
        count = self._wake_ups.count
        while (claimed := claim(file)) is not None:
            if claimed.is_last:
                self._exhausted_at = count
            try:
                envelope = Envelope.from_json(claimed.text)
            except ValueError as unreadable:
                log.error("%s: %s, in row %d", self.name, unreadable, claimed.row)  # noqa: TRY400 - the reason says it all
                self._settling.bury(claimed.row, str(unreadable))
            else:
                return DiskDelivery(envelope.id, envelope.body, claimed.attempt, claimed.row, self._settling)
        self._exhausted_at = count
        return None
