"""PostgreSQL's errors: which are no bug of ours, and the operator's part in mending them."""

import psycopg
from peewee import OperationalError

OF_THE_WORLD = (
    "08",  # the connection broke
    "25006",  # it takes no writes
    "25P03", "25P04",  # a transaction stood still, or took, for too long
    "28",  # user or password are refused
    "3D", "3F",  # the database or its schema is missing
    "40",  # it gave up one transaction for another
    "42501",  # a right is missing
    "42P01",  # a table is missing: it is being restored from a backup, say
    "53",  # disk, memory or connections are used up
    "55P03",  # the wait for a lock took too long
    "57",  # it is starting, stopping or crashed; a statement took too long
    "58", "F0", "XX",  # its disk, its configuration, its files
)  # fmt: skip
"""The first letters of an SQLSTATE that is no bug of ours (PostgreSQL's documentation, appendix A)."""

_RIGHTS = "docs/postgresql.md has the lines that give its role what it needs"

ADVICE = {
    "password authentication failed": "DATABASE_URL has the wrong user or the wrong password",
    "no password supplied": "DATABASE_URL has no password",
    "no pg_hba.conf entry": "pg_hba.conf there has to let this machine and this user in, with or without TLS",
    "server does not support SSL": "switch TLS on there, or ask for less with sslmode in DATABASE_URL",
    "certificate verify failed": "sslrootcert in DATABASE_URL has to name its certificate authority's file",
    "does not match host name": "the host in DATABASE_URL is not the one in its certificate",
    "root certificate file": "sslrootcert in DATABASE_URL has to name its certificate authority's file",
    "failed to resolve host": "is the host in DATABASE_URL right?",
    "Connection refused": "does it run there, on that port?",
    "timeout expired": "is the host in DATABASE_URL right, and does a firewall let this machine through?",
    "permission denied": _RIGHTS,
    "must be owner": "docs/postgresql.md says how their owner changes the tables for a new version",
    "lacks the right": _RIGHTS,
    "no schema has been selected": _RIGHTS,
    "too many clients": "end other programs that use it, or raise its max_connections",
    "connection slots are reserved": "end other programs that use it, or raise its max_connections",
    "due to lock timeout": "another program, or a bot that hangs, holds it",
    "No space left on device": "make room on its disk",
}  # fmt: skip
"""Advice by a piece of the error's text: an attempt to connect that fails has no SQLSTATE."""

MISSING = "role", "database"
"""Things that the server says do not exist, in so many words, and that are to be made."""


def is_of_the_world(error: BaseException) -> bool:
    """Whether waiting, or an operator, may help; `error` is psycopg's, or Peewee's own."""
    state = getattr(error, "sqlstate", None)
    if state is None:
        return isinstance(error, psycopg.OperationalError | OperationalError)
    return str(state).startswith(OF_THE_WORLD)


def with_advice(error: BaseException, secret: str) -> str:
    """The error's own text in one line, without what is `secret`; and, where something can be done about it,
    what.
    """
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    text = " ".join((said or str(error)).split())
    if secret:
        text = text.replace(secret, "(password)")
    advice = [what for piece, what in ADVICE.items() if piece in text]
    advice += [
        "docs/postgresql.md has the lines that make it"
        for what in MISSING
        if f'{what} "' in text and "does not exist" in text
    ]
    return f"{text} ({advice[0]})" if advice else text
