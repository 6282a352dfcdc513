"""The file of one queue: opened with the durability that is promised, read, and written one at a time.

The one door to persist-queue, of whose `SQLiteAckQueue` it has the table and the two connections.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from persistqueue import SQLiteAckQueue
from persistqueue.serializers import json as json_serializer

from tagbot.errors import Retry
from tagbot.lib.sqlite_errors import with_advice
from tagbot.lib.write_ahead_log import NORMAL, WriteAheadLog
from tagbot.queues.disk.layout import ADDED_COLUMNS, CREATE_TABLE, INDEXES

T = TypeVar("T")

BUSY_SECONDS = 2.0
"""How long to wait for another process that writes; Slack wants its acknowledgement within three seconds."""

BUSY_PAUSE_SECONDS = 0.01
"""Between two tries meanwhile."""

PAGE_BYTES = 1024
"""About a message. Each step writes two to four pages as a whole, so this is a fifth faster than 4096."""

WAL_BYTES = 4 * 1024 * 1024
"""A write-ahead log is cut back to this: it grew larger only because much was put at once."""

WAL_PAGES = 8000
"""After so many, 8 MB, a put has to bring the log into the file, which takes three waits for the disk; before
that, a timed job does. SQLite's own 1000 are reached every hundred messages.
"""


WIPED = 1
"""SQLite's `user_version` of a file in which nothing lies that was deleted."""


class QueueUnusable(Retry):
    """A queue's file cannot be opened, or not with the durability that is promised; the reason says which."""

    @classmethod
    def because(cls, path: Path, why: BaseException) -> Self:
        """With the file's name, and advice where there is any."""
        return cls(f"the queue file {path} cannot be used: {with_advice(why)}")


def path_of(directory: Path, name: str) -> Path:
    """Where a queue's file is."""
    return directory / f"{name}.db"


class QueueFile(SQLiteAckQueue):
    """Any process may have one open; opening changes only a file that is new, or of an earlier version.

    Every method raises `Retry` when the disk refuses: another process is busy writing, the disk is full, not
    writable, or broken.

    `action_lock` guards the reading connection, `tran_lock` the writing one.
    """

    _SQL_CREATE = CREATE_TABLE

    _getter: sqlite3.Connection  # type: ignore[assignment]  # persist-queue says None, which it is at first
    _putter: sqlite3.Connection  # type: ignore[assignment]  # as above

    def __init__(self, path: Path) -> None:
        """Raises `QueueUnusable`."""
        self._title = path.stem
        self._closed = False
        self._connections: list[sqlite3.Connection] = []
        self._log = WriteAheadLog(path, partial(self.checkpoint, "TRUNCATE"))
        try:
            super().__init__(
                str(path.parent),
                auto_resume=False,  # it would take from the running bot the messages in flight
                name="messages",
                multithreading=True,
                timeout=BUSY_SECONDS,
                serializer=json_serializer,  # the default is pickle: code execution from a file
                db_file_name=path.name,
            )
        except (sqlite3.DatabaseError, QueueUnusable, OSError) as error:
            self.close()
            raise QueueUnusable.because(path, error) from error

    def _init(self) -> None:
        super()._init()
        for column in ADDED_COLUMNS:
            with suppress(sqlite3.OperationalError):  # it is there; a file that cannot be used says so next
                self._putter.execute(column)
        for index in INDEXES:
            self._putter.execute(index)
        self._wipe()
        self._putter.execute("PRAGMA busy_timeout = 0")  # `_in_turn` waits instead
        for connection in self._connections:
            connection.text_factory = bytes  # or a text that is no UTF-8 could not even be fetched

    def _new_db_connection(self, path: str, multithreading: bool, timeout: float) -> sqlite3.Connection:
        connection = sqlite3.connect(
            Path(path) / self.db_file_name,
            timeout=timeout,
            isolation_level=None,  # each statement is a transaction: no calls to begin and to end it
            check_same_thread=not multithreading,
        )
        self._connections.append(connection)
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # heeded by a new file only
        make_durable(connection)
        return connection

    def _wipe(self) -> None:
        """Once, write a file of an earlier version anew, in which messages lie that are long done."""
        if self._putter.execute("PRAGMA user_version").fetchone() == (0,):
            with suppress(sqlite3.OperationalError):  # another process is at work on it: the next one does so
                self._putter.execute("VACUUM")
                self._putter.execute(f"PRAGMA user_version = {WIPED}")

    def close(self) -> None:
        """Twice is harmless: persist-queue closes it again where Python collects it, in whatever thread."""
        self._closed = True
        with self.action_lock, self.tran_lock:
            while self._connections:
                self._connections.pop().close()
        self._log.close()

    def read(self, sql: str, *values: Any) -> list[Any]:
        """The rows that it finds, texts as bytes."""
        with self._disk(), self.action_lock:
            return self._getter.execute(sql, values).fetchall()

    def stream(self, sql: str) -> Iterator[Any]:
        """The same, as they are asked for; for one thread."""
        with self._disk():
            yield from self._getter.execute(sql)

    def write(self, sql: str, *values: Any) -> int:
        """Write it in a transaction; how many rows it changed.

        A power cut may lose it, but then also all that was written afterwards. Enough for claims,
        acknowledgements and delays: their message only comes again.
        """
        return self._in_turn(lambda: self._putter.execute(sql, values).rowcount)

    def write_and_read(self, sql: str) -> list[Any]:
        """The same, for a statement with RETURNING: the rows that it returns."""
        return self._in_turn(lambda: self._putter.execute(sql).fetchall())

    def write_durably(self, sql: str, *values: Any, written: Callable[[], object] = lambda: None) -> int:
        """Write it, on the disk when this returns: puts, dead letters and redrives are promised to be.

        `written` is called as soon as other threads can read it, before the wait for the disk.
        """
        changed = self.write(sql, *values)
        written()
        with self._disk():
            self._log.wait()
        return changed

    def checkpoint(self, how: str = "PASSIVE") -> bool:
        """Bring the write-ahead log into the file, as far as that disturbs no other connection; whether all
        of it could be.
        """
        with self._disk(), self.action_lock, self.tran_lock:
            [(busy, _, _)] = self._putter.execute(f"PRAGMA wal_checkpoint({how})").fetchall()
        return not busy

    def _in_turn(self, write: Callable[[], T]) -> T:
        """Write, as soon as no other process does.

        Each thread waits its own `BUSY_SECONDS`, outside the lock. Were SQLite to wait, that would be inside,
        and a put, which Slack waits for, would stand in line behind the time-outs of all who came before it.
        """
        until = time.monotonic() + BUSY_SECONDS
        with self._disk():
            while True:
                try:
                    with self.tran_lock:
                        return write()
                except sqlite3.OperationalError as error:
                    if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > until:
                        raise
                time.sleep(BUSY_PAUSE_SECONDS)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Turn the disk's refusals into `Retry`; a wrong use of SQLite stays the bug that it is."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            refused = isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError
            if not (refused or self._closed):
                raise
            raise Retry(f"the queue {self._title} cannot be reached: {with_advice(error)}") from error


def make_durable(connection: sqlite3.Connection) -> None:
    """Set all that decides whether a commit survives a power cut, and read it back: SQLite may ignore it."""
    wanted = {
        "journal_mode": "wal",
        "synchronous": NORMAL,  # where a write has to be on the disk, `WriteAheadLog` waits for that
        "secure_delete": 1,  # what is deleted is overwritten with zeros
        "fullfsync": 1,  # macOS: fsync alone stops at the drive's cache; elsewhere it changes nothing
    }
    for name, value in wanted.items():
        connection.execute(f"PRAGMA {name} = {value}")
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != value:
            raise QueueUnusable(f"SQLite keeps {name} at {found}, not {value}")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
