"""A database in a file: SQLite."""

import sqlite3
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from peewee import DatabaseError, OperationalError, SqliteDatabase

from tagbot.database.outages import DatabaseUnusable
from tagbot.database.round_trips import CountedRoundTrips
from tagbot.database.write_lock import SQLITE_BEGIN
from tagbot.errors import Retry
from tagbot.lib.key_locks import KeyLocks
from tagbot.lib.process_lock import ProcessLock
from tagbot.lib.search import found_in
from tagbot.lib.sqlite_errors import with_advice
from tagbot.lib.write_ahead_log import NORMAL, WriteAheadLog

BUSY_TIMEOUT = 10_000
"""Milliseconds to wait for another process's write to end."""

EMPTY_LOG_SECONDS = 0.2
"""Until the log may be cut off, where somebody read it just then."""

CHECKPOINT_TIMEOUT = 200
"""Milliseconds that a checkpoint waits for those who read: nobody can write meanwhile."""

FILES = "", "-wal", "-journal"
"""SQLite adds these to the name of the file; in each lie rows."""

HEADER = b"SQLite format 3"
"""The beginning of the file."""

OLDEST = (3, 35)
"""The version of SQLite from which on a column can be dropped, as an upgrade of the schema does."""

FULL = 2
"""SQLite's level of `PRAGMA synchronous` at which each commit waits for the disk."""

PRAGMAS: dict[str, str | int] = {
    "journal_mode": "wal",  # readers and the writer do not wait for each other
    "synchronous": FULL,  # what was committed survives a power cut
    "foreign_keys": 1,
    "busy_timeout": BUSY_TIMEOUT,
    # Pages after which a commit has to bring the log into the file, three waits for the disk; before that, a
    # timed job does so by itself. SQLite's own 1000 are reached every few hundred votes.
    "wal_autocheckpoint": 4000,
    # Deleted rows are overwritten with zeros, however SQLite was built.
    "secure_delete": 1,
}
"""The settings of every connection, read back from each."""

if sys.platform == "darwin":
    PRAGMAS |= {
        "fullfsync": 1,
        "checkpoint_fullfsync": 1,
    }  # there, fsync alone leaves data in the drive's cache


class SqliteFile(CountedRoundTrips, SqliteDatabase):
    """An `Engine` in a file."""

    may_come_back = False

    def __init__(self, url: str) -> None:
        """`url` is sqlite:///PATH."""
        if sqlite3.sqlite_version_info < OLDEST:
            needed = ".".join(map(str, OLDEST))
            raise DatabaseUnusable(f"SQLite is {sqlite3.sqlite_version} here, and {needed} is needed")
        self._path = Path(url.removeprefix("sqlite:///"))
        self.title = f"the database {self._path}"
        self.is_current = False
        self._locks = KeyLocks()
        self._log = WriteAheadLog(self._path, self._checkpointed)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(
            str(self._path),
            pragmas=PRAGMAS,
            lock_type=SQLITE_BEGIN,
            autoconnect=False,
            timeout=BUSY_TIMEOUT / 1000,  # for the pragmas themselves
        )

    def connect(self, reuse_if_open: bool = False) -> bool:
        """Also make the file, at the first connection; one process at a time does."""
        if self.is_current:
            return bool(super().connect(reuse_if_open))
        with self.migrating():
            return bool(super().connect(reuse_if_open))

    def migrating(self) -> AbstractContextManager[object]:
        """One process at a time: a command may start in the same moment as the bot."""
        return ProcessLock(self._path.with_name(f"{self._path.name}.migrating"), wait=True)

    def outage(self, error: BaseException) -> str | None:
        if isinstance(error, OperationalError) or type(error) is DatabaseError:
            return with_advice(error)
        return None

    def alone(self, name: str, *, wait: bool) -> AbstractContextManager[bool]:
        # The threads of one bot are all there is.
        return self._locks.holding(name, wait=wait)

    def now(self) -> float:
        return time.time()

    @contextmanager
    def on_disk_together(self) -> Iterator[None]:
        if self.in_transaction():
            yield  # the outer block waits
            return
        self._ask(f"PRAGMA synchronous = {NORMAL}")
        try:
            yield
        finally:
            self._ask(f"PRAGMA synchronous = {FULL}")
        try:
            self._log.wait()
        except sqlite3.OperationalError as refused:
            raise OperationalError(str(refused)) from refused

    def health(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    def streamed(self, query: Any) -> Iterator[Any]:
        """SQLite finds the rows as they are asked for."""
        yield from query.bind(self).iterator()

    def tidy(self) -> None:
        """The log is cut off as well: it would keep what was deleted since."""
        self._checkpointed()

    def empty_log(self) -> None:
        if not self._checkpointed():
            raise Retry("the database's log is being read just now", after=EMPTY_LOG_SECONDS)

    def compact(self) -> bool:
        self.execute_sql("VACUUM")
        return True

    def found(self, wanted: Collection[bytes]) -> set[bytes]:
        return found_in([self._path.with_name(f"{self._path.name}{end}") for end in FILES], wanted)

    def explained(self, wanted: Collection[bytes]) -> set[bytes]:
        tables = [name for (name,) in self.execute_sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            each
            for each in wanted
            if each in HEADER or any(self._has_row(table, each) for table in ("sqlite_master", *tables))
        }

    def _has_row(self, table: str, wanted: bytes) -> bool:
        """Whether a row has it. In the file, the columns of one follow each other."""
        columns = [column for _, column, *_ in self.execute_sql(f'PRAGMA table_info("{table}")')]
        row = " || ".join(f"ifnull(\"{column}\", '')" for column in columns)
        sql = f'SELECT 1 FROM "{table}" WHERE instr(CAST({row} AS BLOB), ?) LIMIT 1'  # noqa: S608 - ours
        return self.execute_sql(sql, (wanted,)).fetchone() is not None

    def take_your_time(self) -> None:
        """SQLite has no time limits."""

    def close_idle(self) -> None:
        """Each thread's own connection is all there is, but for the log, which is open for all of them."""
        self._log.close()

    def _checkpointed(self) -> bool:
        """As `WriteAheadLog` wants it."""
        self._ask(f"PRAGMA busy_timeout = {CHECKPOINT_TIMEOUT}")
        try:
            busy, _, _ = self._ask("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._ask(f"PRAGMA busy_timeout = {BUSY_TIMEOUT}")
        return not busy

    def _ask(self, sql: str) -> Any:
        return self.execute_sql(sql).fetchone()

    def _add_conn_hooks(self, connection: sqlite3.Connection) -> None:
        super()._add_conn_hooks(connection)  # type: ignore[misc]  # the stubs leave it out
        for name, wanted in PRAGMAS.items():
            found = connection.execute(f"PRAGMA {name}").fetchone()[0]
            if str(found).lower() != str(wanted):
                raise DatabaseUnusable(f"SQLite answers {name}={found}, where {wanted} was asked for")
