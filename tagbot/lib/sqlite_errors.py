"""SQLite's errors: with advice for the operator, and as SQLite would raise them."""

import errno
import sqlite3

PRIMARY = 0xFF
"""The part of SQLite's error codes that names the kind; the rest is detail."""

_UNUSABLE = (
    "stop the bot, then restore the file from a backup, or move it away to go on without what it holds"
)
_NOT_ALLOWED = "see to it that the bot may write there"

ADVICE = {
    sqlite3.SQLITE_FULL: "make room on the disk",
    sqlite3.SQLITE_READONLY: _NOT_ALLOWED,
    sqlite3.SQLITE_CANTOPEN: _NOT_ALLOWED,
    sqlite3.SQLITE_PERM: _NOT_ALLOWED,
    sqlite3.SQLITE_IOERR: "look after the disk",
    sqlite3.SQLITE_BUSY: "another program holds it: end that program",
    sqlite3.SQLITE_LOCKED: "another program holds it: end that program",
    sqlite3.SQLITE_CORRUPT: _UNUSABLE,
    sqlite3.SQLITE_NOTADB: _UNUSABLE,
}


def with_advice(error: BaseException) -> str:
    """The error's own text and, where something can be done about it, what; `error` may be peewee's."""
    # SQLite's error with which it began: on a full disk, peewee's rollback fails as well and hides it.
    first, cause = error, error.__cause__ or error.__context__
    while cause is not None:
        if isinstance(cause, sqlite3.Error):
            first = cause
        cause = cause.__cause__ or cause.__context__
    advice = ADVICE.get(getattr(first, "sqlite_errorcode", 0) & PRIMARY)
    return f"{first} ({advice})" if advice else str(first)


def refused_sync(error: OSError) -> sqlite3.OperationalError:
    """A sync that the disk refused, as SQLite would have raised it."""
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    refusal = sqlite3.OperationalError(
        "database or disk is full" if full else f"disk I/O error: {error.strerror}"
    )
    refusal.sqlite_errorcode = sqlite3.SQLITE_FULL if full else sqlite3.SQLITE_IOERR_FSYNC
    return refusal
