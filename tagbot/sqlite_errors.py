"""What an error of SQLite asks of the operator."""

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
    advice = ADVICE.get(_code(error) & PRIMARY)
    return f"{error} ({advice})" if advice else str(error)


def _code(error: BaseException | None) -> int:
    """SQLite's own, of this error or of the one in whose place it was raised."""
    while error is not None:
        if isinstance(error, sqlite3.Error):
            return getattr(error, "sqlite_errorcode", 0)  # none where Python found the mistake, not SQLite
        error = error.__cause__ or error.__context__
    return 0
