"""A database that cannot be used: for good, or for now (an outage, which turns into `Retry`)."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from peewee import PeeweeException

from tagbot.database.models.base import database
from tagbot.errors import Retry
from tagbot.lib.outage_log import OutageLog

log = logging.getLogger("tagbot.database")

_outage = OutageLog()
_WHAT = "the database cannot be reached"


class DatabaseUnusable(Exception):  # noqa: N818 - it says what the database is
    """The database is not as the bot's promises need it, or cannot be opened at all; the text says why."""


class DatabaseAway(Retry):
    """There is no connection to the database to be had now; there may be one later."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{_WHAT}: {why}")
        self._why = why

    def log_once(self) -> None:
        """Log it, once for all threads."""
        _outage.fails(log, _WHAT, self._why)


def log_connection() -> None:
    """Log that an outage is over, if there was one."""
    _outage.works(log, _WHAT)


@contextmanager
def reached(which: Any = None) -> Iterator[None]:
    """Turn an outage into `Retry`: a full disk, a lock, a server that is away. A wrong use of the database
    stays the bug that it is.

    A connection that broke is given up; the next `connected` makes another. `which` is the database, where it
    is not the one of the tables.
    """
    which = which or database.obj
    try:
        yield
    except DatabaseUnusable as why:
        raise DatabaseAway(str(why)) from why
    except PeeweeException as error:
        outage = which.outage(error)
        if outage is None:
            raise
        if which.is_connection_usable():
            raise Retry(f"{_WHAT}: {outage}") from error
        which.close()
        raise DatabaseAway(outage) from error


def causes(error: BaseException) -> list[BaseException]:
    """The error, its cause, and so on: on a lost connection, say, the roll-back fails as well and hides the
    first one.
    """
    chain, cause = [error], error.__cause__ or error.__context__
    while cause is not None:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return chain
