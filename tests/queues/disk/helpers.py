"""Looking into a queue's file, damaging it, and killing a process that works on it."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

from tagbot.queues import Queue
from tagbot.queues.disk.disk_queue import LOOK_SECONDS, DiskQueue
from tagbot.queues.disk.wake_ups import WakeUps
from tests.queues import NAME
from tests.queues.conftest import DiskEngine


@contextmanager
def sql(disk: DiskEngine) -> Iterator[sqlite3.Connection]:
    """The file as whoever has a `sqlite3` at hand sees it."""
    with closing(sqlite3.connect(disk.file, isolation_level=None, timeout=0)) as connection:
        yield connection


def child(verb: str, disk: DiskEngine, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.queues.child", verb, str(disk.directory), str(number)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@contextmanager
def killed(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """SIGKILL, whatever happens."""
    with process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


DAMAGED = b"certainly no database" * 100


WHICH_AND_WHAT_TO_DO = rf"{NAME}.db cannot be used: file is not a database \(stop the bot, then restore"


def damage(disk: DiskEngine) -> None:
    disk.directory.mkdir(exist_ok=True)
    disk.file.write_bytes(DAMAGED)


def full(queue: Queue) -> None:
    """Let the disk be full, as far as this queue's files go."""
    assert isinstance(queue, DiskQueue)
    assert queue._file is not None
    for connection in queue._file._connections:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")


A_MINUTE = 60
"""Between two looks at the file: whoever is not woken waits for as long, and the test fails."""


class WatchedWakeUps(WakeUps):
    """Says when a `get` is about to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.about_to_wait = threading.Event()

    def wait(self, count: int, seconds: float) -> None:
        self.about_to_wait.set()
        super().wait(count, seconds)


@contextmanager
def watched(
    disk: DiskEngine, look_seconds: float = LOOK_SECONDS
) -> Iterator[tuple[DiskQueue, threading.Event]]:
    """A queue, and what says when a `get` is about to wait."""
    wake_ups = WatchedWakeUps()
    with closing(DiskQueue(disk.directory, NAME, disk.clock, look_seconds, wake_ups)) as queue:
        yield queue, wake_ups.about_to_wait
