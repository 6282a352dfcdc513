"""A queue on disk for any process, also beside the bot that works on it."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from tagbot.errors import Retry
from tagbot.lib.search import found_in
from tagbot.queues.counts import Counts, Trouble
from tagbot.queues.disk import counting
from tagbot.queues.disk.dead_letters import redrive
from tagbot.queues.disk.delays import Clock
from tagbot.queues.disk.dropping import drop
from tagbot.queues.disk.putting import put
from tagbot.queues.disk.queue_file import QueueFile, path_of
from tagbot.queues.envelope import Envelope

FILES = "", "-wal", "-journal"
"""SQLite adds these to the name of a queue's file; in each lie messages."""

LOG_SECONDS = 0.2
"""Until the log may be cut off, where somebody read it just then."""


class DiskQueueBeside:
    """No message in flight is touched, no lock is taken, and only a put makes a file where none is.

    A file that cannot be used is told by each question about its messages, as `QueueUnusable`.
    """

    def __init__(self, directory: Path, name: str, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._path = path_of(directory, name)
        self._file: QueueFile | None = None
        self._closed = False

    def put(self, message_id: str, key: str, body: Mapping[str, Any]) -> None:
        put(self._opened(), Envelope(message_id, key, body), self._clock())

    def counts(self) -> Counts:
        return counting.counts(file) if (file := self._existing()) is not None else Counts()

    def troubles(self) -> list[Trouble]:
        return counting.troubles(file) if (file := self._existing()) is not None else []

    def oldest(self) -> float | None:
        return counting.oldest(file) if (file := self._existing()) is not None else None

    def holds(self, message_id: str) -> bool:
        return (file := self._existing()) is not None and counting.holds(file, message_id)

    def why_dead(self, message_id: str) -> str | None:
        return counting.why_dead(file, message_id) if (file := self._existing()) is not None else None

    def drop(self, concerns: Callable[[str], bool]) -> int:
        return drop(file, concerns) if (file := self._existing()) is not None else 0

    def found(self, wanted: Collection[bytes]) -> set[bytes]:
        if (file := self._existing()) is not None and not file.checkpoint("TRUNCATE"):
            raise Retry(f"the log of the queue {self.name} is being read just now", after=LOG_SECONDS)
        return found_in([self._path.with_name(f"{self._path.name}{end}") for end in FILES], wanted)

    def redrive(self, key: str | None = None) -> int:
        return redrive(file, key) if (file := self._existing()) is not None else 0

    def close(self) -> None:
        self._closed = True
        if self._file is not None:
            self._file.close()

    def _opened(self) -> QueueFile:
        """Raises `QueueUnusable`."""
        if self._file is None and self._closed:
            raise Retry(f"the queue {self.name} is closed")
        if self._file is None:
            self._file = QueueFile(self._path)
        return self._file

    def _existing(self) -> QueueFile | None:
        """None as long as nothing was put here."""
        return self._opened() if self._file is not None or self._closed or self._path.exists() else None
