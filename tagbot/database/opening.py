"""Opening the database, and each thread's connection to it."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from peewee import PeeweeException

from tagbot.database.engine import database_at
from tagbot.database.models.base import database
from tagbot.database.outages import DatabaseAway, DatabaseUnusable, log_connection, reached
from tagbot.database.schema_upgrade import upgrade_schema
from tagbot.database.unfinished_copy import refuse_unfinished_copy
from tagbot.errors import Retry


def open_database(url: str, *, connections: int = 8, has_to_answer: bool = True) -> None:
    """Bind the tables to the database at `url`, and upgrade its schema to this version's.

    Each thread that uses it then says `connected`. Raises `DatabaseUnusable`, and `DatabaseAway` for a
    server; where that need not answer yet, its outage is logged, and each `connected` tries again.
    """
    close_database()
    database.initialize(database_at(url, connections))
    try:
        with connected():
            pass
    except DatabaseAway as away:
        if has_to_answer:
            raise
        away.log_once()


def close_database() -> None:
    """Close the connections that no thread uses any more."""
    if database.obj is not None:
        database.obj.close_idle()


def if_reachable(act: Callable[[], None]) -> None:
    """Do something for which the database is needed, on a connection of its own; nothing, or half of it,
    where the database cannot be reached.
    """
    with suppress(Retry), reached(), connected():
        act()


@contextmanager
def connected() -> Iterator[None]:
    """This thread's connection, closed at the end; inside another `connected`, the same one."""
    with opened(database.obj), reached():
        yield


def is_connected() -> bool:
    """Whether this thread still has its connection; one that broke was given up."""
    return not database.is_closed()


@contextmanager
def opened(which: Any, *, even_unfinished: bool = False) -> Iterator[None]:
    """This thread's connection to a database that need not be the one of the tables.

    Only the command that continues an unfinished copy opens one; other writes to it would be lost.
    """
    try:
        is_new = which.connect(reuse_if_open=True)
        if not which.is_current:
            upgrade_schema(which)
            if not even_unfinished:
                refuse_unfinished_copy(which)
            which.is_current = True
    except (PeeweeException, DatabaseUnusable) as error:
        which.close()
        outage = which.outage(error)
        if isinstance(error, DatabaseUnusable) or not (outage is None or which.may_come_back):
            raise DatabaseUnusable(f"{which.title} cannot be used: {outage or error}") from error
        if outage is None:
            raise
        raise DatabaseAway(outage) from error
    log_connection()
    try:
        yield
    finally:
        if is_new:
            which.close()


def streamed(query: Any) -> Iterator[Any]:
    """The rows of a query, of which only a few are in memory at a time."""
    yield from database.obj.streamed(query)


def tidy() -> None:
    """Do housekeeping that would otherwise delay an answer; this thread is connected."""
    database.obj.tidy()


def empty_log() -> None:
    """Leave nothing in SQLite's log; raises `Retry` while somebody reads."""
    database.obj.empty_log()


def compact() -> bool:
    """Write the tables anew, without what was deleted before; whether the server lets the bot."""
    return bool(database.obj.compact())


def found(wanted: Collection[bytes]) -> set[bytes]:
    """Those of the wanted texts and vectors that the database still has, as `Engine` says."""
    return set(database.obj.found(wanted))


def explained(wanted: Collection[bytes]) -> set[bytes]:
    """Those of the wanted texts that are in rows or in the schema just now, as `Engine` says."""
    return set(database.obj.explained(wanted))


def health() -> str:
    """The version that answers on this thread's connection, and how fast."""
    return str(database.obj.health())
