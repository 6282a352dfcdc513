"""Opening the queues on disk."""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from tagbot.lib.process_lock import ProcessLock
from tagbot.queues.disk.delays import Clock
from tagbot.queues.disk.disk_queue import DiskQueue
from tagbot.queues.disk.other_processes import DiskQueueBeside
from tagbot.queues.interface import Queue, SharedQueue


@contextmanager
def disk_queues(
    directory: Path, names: Iterable[str], clock: Clock = time.time
) -> Iterator[Mapping[str, Queue]]:
    """The queues by their names, for the one process that works on them.

    Raises `AlreadyRunning` if another does. A queue whose file cannot be opened as promised holds up no
    other: its methods raise `QueueUnusable`, until the file can be opened.
    """
    with ProcessLock(directory / "lock"), ExitStack() as stack:
        # SQLite sees to the names of its files, not to that of their directory.
        parent = os.open(directory.parent, os.O_RDONLY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)
        yield {name: stack.enter_context(closing(DiskQueue(directory, name, clock))) for name in names}


@contextmanager
def disk_queues_beside(
    directory: Path, names: Iterable[str], clock: Clock = time.time
) -> Iterator[Mapping[str, SharedQueue]]:
    """The queues by their names, for a command, whether or not the bot runs."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(closing(DiskQueueBeside(directory, name, clock))) for name in names}
