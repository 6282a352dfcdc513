"""Waiting for the disk together: what several threads have committed to an SQLite file takes one wait.

At `synchronous = FULL`, SQLite waits for the disk within each commit, and nobody else may write meanwhile. At
NORMAL, a commit only writes to the log: a power cut takes the last commits with it, though never one and not
the next. A thread that must not lose its commit waits here afterwards.
"""

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from os.path import samestat
from pathlib import Path
from threading import Lock

from tagbot.lib.sqlite_errors import refused_sync

if sys.platform == "darwin":
    from fcntl import F_FULLFSYNC, fcntl

NORMAL = 1
"""SQLite's number for the level of `PRAGMA synchronous` that this is for; FULL is 2."""


ROOM_BYTES = 64 * 1024
"""By which the log is lengthened before SQLite needs it. A file system confirms a block sooner that lies in
the file already: where the file grew, it has to write down the new length as well.
"""


class WriteAheadLog:
    """The log of one SQLite file, for all threads of this process."""

    def __init__(self, database: Path, checkpoint: Callable[[], bool]) -> None:
        """`checkpoint` brings all that is in the log into the file, durably; whether it could.

        It is called by whichever thread waits, outside a transaction.
        """
        self._file = Path(f"{database}-wal")
        self._checkpoint = checkpoint
        self._numbers = count()
        self._lock = Lock()
        self._synced = 0
        self._failed = False
        self._descriptor: int | None = None
        self._length = 0

    def wait(self) -> None:
        """Return when everything that was committed before is on the disk; the caller has a connection open,
        without which SQLite removes the log.

        Raises `sqlite3.OperationalError` when the disk refuses.
        """
        number = next(self._numbers)
        with self._lock:
            if number < self._synced:
                return
            # A lower number than this one was taken after its thread had committed.
            upto = next(self._numbers)
            # After a failure, Linux counts what it could not write as written: a second sync would succeed.
            if self._failed and not self._checkpoint():
                raise sqlite3.OperationalError("the disk refused what was written, and it is not there yet")
            try:
                self._sync()
            except OSError as error:
                self._failed = True
                raise refused_sync(error) from error
            self._failed = False
            self._synced = upto

    def close(self) -> None:
        """Let go of the file; the next `wait` opens it again."""
        with self._lock:
            self._let_go()

    def _sync(self) -> None:
        """Wait for the log in use: once all connections are closed, the next one makes a new file.

        It stays open, as SQLite syncs it too, in checkpoints, and says nothing when that fails: Linux tells a
        failure once to each who had the file open by then, and to nobody who opens it later.
        """
        if self._descriptor is not None and not samestat(self._file.stat(), os.fstat(self._descriptor)):
            self._let_go()
        if self._descriptor is None:
            self._descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND)
        # Lengthen it where SQLite has come to its end since the last time. An appended block never falls on
        # what SQLite writes at the same time, in any process, and SQLite takes the zeros for no part of the
        # log: they have no checksum.
        length = os.fstat(self._descriptor).st_size
        if length != self._length:
            with suppress(OSError):  # no room is no harm; whether the disk refuses the log, the sync says
                length += os.write(self._descriptor, bytes(ROOM_BYTES))
            self._length = length
        if sys.platform == "darwin":
            fcntl(self._descriptor, F_FULLFSYNC)  # there, fsync alone leaves data in the drive's cache
        else:
            os.fdatasync(self._descriptor)

    def _let_go(self) -> None:
        # SQLite's own locks are on other files, so that closing this one takes none of them away.
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
