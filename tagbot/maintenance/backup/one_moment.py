"""Several SQLite files as all of them were at one moment, while other processes write to them.

For some milliseconds this process is the writer of them all, so that nobody else is; a transaction that only
reads, begun then on each, sees that moment for as long as it lasts.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from tagbot.errors import Reject, Retry
from tagbot.lib.sqlite_errors import PRIMARY, with_advice

T = TypeVar("T")

FIRST_SECONDS = 10.0
"""To wait for the first file's writer: nothing is held meanwhile."""

NEXT_SECONDS = 0.2
"""For another's. A click in Slack waits for its queue's file, two seconds at most."""

PATIENCE_SECONDS = 60.0
"""Until all of them could be held at once."""

PAUSE_SECONDS = 0.1
"""Between two tries, at most."""


class _Busy(Exception):  # noqa: N818 - an answer
    """Another process writes to a file for long."""


class FilesAtOnce:
    """The files as they were."""

    def __init__(self, readers: Mapping[Path, sqlite3.Connection]) -> None:
        self._readers = readers

    @contextmanager
    def copied(self, file: Path, target: Path) -> Iterator[sqlite3.Connection]:
        """Write one of them to a new file, whole: what its write-ahead log held is in it; the copy, open.
        Raises `Reject`, where there is no room for it say.
        """
        with closing(sqlite3.connect(target)) as copy:
            copy.execute("PRAGMA synchronous = 0")  # the archive waits for the disk
            try:
                self._readers[file].backup(copy)
            except sqlite3.Error as error:
                raise Reject(f"{file} cannot be copied to {target.parent}: {with_advice(error)}") from error
            yield copy


@contextmanager
def at_one_moment(files: Sequence[Path], look: Callable[[], T]) -> Iterator[tuple[FilesAtOnce, T]]:
    """The files as they are now, and what `look` finds while nobody can write to them; it has to be quick.

    The file for whose writers others wait comes first. Raises `Retry` where there was no such moment, and
    `Reject` where a file is damaged.
    """
    with ExitStack() as stack:
        readers = {file: stack.enter_context(closing(_connection(file, NEXT_SECONDS))) for file in files}
        found = _together(files, readers, look)
        yield FilesAtOnce(readers), found


def _together(files: Sequence[Path], readers: Mapping[Path, sqlite3.Connection], look: Callable[[], T]) -> T:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        with suppress(_Busy), _held(files):
            for file, reader in readers.items():
                with _failures(file):
                    reader.execute("BEGIN")
                    reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return look()
        if time.monotonic() > until:
            raise Retry("there was no moment to back up: others write without a pause")
        for reader in readers.values():
            reader.rollback()
        time.sleep(random.uniform(0, PAUSE_SECONDS))


@contextmanager
def _held(files: Sequence[Path]) -> Iterator[None]:
    """Nobody else writes to them meanwhile. Raises `_Busy`."""
    with ExitStack() as stack:
        for number, file in enumerate(files):
            seconds = NEXT_SECONDS if number else FIRST_SECONDS
            writer = stack.enter_context(closing(_connection(file, seconds)))
            with _failures(file):
                writer.execute("BEGIN IMMEDIATE")
        yield


def _connection(file: Path, seconds: float) -> sqlite3.Connection:
    with _failures(file):
        return sqlite3.connect(file, timeout=seconds, isolation_level=None)


@contextmanager
def _failures(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & PRIMARY == sqlite3.SQLITE_BUSY:
            raise _Busy from error
        raise Reject(f"{file} cannot be backed up: {with_advice(error)}") from error
