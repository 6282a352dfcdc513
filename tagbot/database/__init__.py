"""The database: opening it, each thread's connection, and what is to be done when it fails.

`DATABASE_URL` chooses a file of SQLite's or a server of PostgreSQL's. Only this package knows which it is;
both keep the same promises: what was committed survives a power cut, and one transaction writes at a time.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from peewee import PeeweeException
from playhouse import migrations

from tagbot.database.errors import DatabaseAway, DatabaseUnusable, tell_of_connection
from tagbot.database.models import Notice, database
from tagbot.errors import Retry

__all__ = [
    "MARK", "MIGRATIONS", "DatabaseAway", "DatabaseUnusable", "alone", "close_database", "connected",
    "database_at", "health", "is_connected", "mark_of", "open_database", "opened", "reached", "shared_now",
    "streamed", "tidy",
]  # fmt: skip

MIGRATIONS = Path(__file__).parent / "migrations"

MARK = "unfinished-copy"
"""The name of the notice that a database is the rest of an interrupted move, and of which other one."""


class Engine(Protocol):
    """What SQLite and PostgreSQL each add to Peewee's database."""

    title: str
    """Which database it is, for the operator; without a password."""
    is_current: bool
    """Whether this process has seen that the layout is this version's."""
    may_come_back: bool
    """Whether it helps to wait, when it cannot be opened at the start."""

    def migrating(self) -> AbstractContextManager[object]:
        """Keeps others from changing the layout meanwhile."""

    def trouble(self, error: BaseException) -> str | None:
        """What is wrong with the world, and what to do about it; None where the error is a bug."""

    def alone(self, name: str, *, wait: bool) -> AbstractContextManager[bool]:
        """As `tagbot.database.alone` says."""

    def on_disk_together(self) -> AbstractContextManager[object]:
        """What is committed within the block is on the disk when it ends. To wait for that may serve several
        threads at once, so whoever commits in here lets others write meanwhile.
        """

    def tidy(self) -> None:
        """Do now and then what else those would have to do who wait for an answer."""

    def now(self) -> float:
        """Seconds since 1970, by the clock that all bots on this database share."""

    def health(self) -> str:
        """Which version answers, and how, on this thread's connection."""

    def streamed(self, query: Any) -> Iterator[Any]:
        """The rows of a query, of which only a few are in memory at a time."""

    def take_your_time(self) -> None:
        """Let each statement on this thread's connection take as long as it needs, and each transaction."""

    def close_idle(self) -> None:
        """Close the connections that no thread uses."""


def database_at(url: str, connections: int = 8) -> Any:
    """The database at `url`, not connected yet: Peewee's, and an `Engine`. Raises `DatabaseUnusable`.

    `connections` is how many threads of this process may be connected to a server at a time.
    """
    if url.startswith("sqlite:"):
        from tagbot.database.sqlite import SqliteFile

        return SqliteFile(url)
    # Imported here: psycopg takes a tenth of a second and 16 MB, which a bot on SQLite can do without.
    try:
        from tagbot.database.postgresql import PostgresqlServer
    except ModuleNotFoundError as missing:
        raise DatabaseUnusable(
            f"{missing.name}, which postgresql:// in DATABASE_URL needs, is not installed: "
            "`make postgresql` adds it"
        ) from None
    return PostgresqlServer(url, connections)


def open_database(url: str, *, connections: int = 8, has_to_answer: bool = True) -> None:
    """Bind the tables to the database at `url`, and bring it to this version's layout.

    Each thread that uses it then says `connected`. Raises `DatabaseUnusable`, and `DatabaseAway` for a
    server; where that need not answer yet, it is told to the log, and each `connected` tries again.
    """
    close_database()
    database.initialize(database_at(url, connections))
    try:
        with connected():
            pass
    except DatabaseAway as away:
        if has_to_answer:
            raise
        away.tell()


def close_database() -> None:
    """Close the connections that no thread uses any more."""
    if database.obj is not None:
        database.obj.close_idle()


@contextmanager
def connected() -> Iterator[None]:
    """This thread's connection, closed at the end; inside another `connected`, the same one."""
    with opened(database.obj), reached():
        yield


@contextmanager
def alone(name: str, *, wait: bool = True) -> Iterator[bool]:
    """Whether this thread, which is connected, has `name` to itself until the end of the block, over all bots
    on this database. With `wait` it does, or `Retry` says that it took too long.
    """
    with database.obj.alone(name, wait=wait) as mine:
        yield mine


def shared_now() -> float:
    """Seconds since 1970, by the clock that all bots on this database share."""
    now: float = database.obj.now()
    return now


def is_connected() -> bool:
    """Whether this thread still has its connection; one that broke was given up."""
    return not database.is_closed()


@contextmanager
def opened(which: Any, *, even_unfinished: bool = False) -> Iterator[None]:
    """This thread's connection to a database that need not be the one of the tables.

    The unfinished copy of another one is for who goes on with it: what anybody else writes would be lost.
    """
    is_new = _connect(which, even_unfinished)
    try:
        yield
    finally:
        if is_new:
            which.close()


@contextmanager
def reached(which: Any = None) -> Iterator[None]:
    """Turn what is wrong with the world into `Retry`: a full disk, a lock, a server that is away. A wrong use
    of the database stays the bug that it is.

    A connection that broke is given up; the next `connected` makes another. `which` is the database, where it
    is not the one of the tables.
    """
    which = which or database.obj
    try:
        yield
    except DatabaseUnusable as why:
        raise DatabaseAway(str(why)) from why
    except PeeweeException as error:
        trouble = which.trouble(error)
        if trouble is None:
            raise
        if which.is_connection_usable():
            raise Retry(f"the database cannot be reached: {trouble}") from error
        which.close()
        raise DatabaseAway(trouble) from error


def mark_of(which: Any) -> str | None:
    """What `MARK` says in a database; None where that is whole."""
    mark: str | None = Notice.select(Notice.text).where(Notice.name == MARK).bind(which).scalar()
    return mark


def health() -> str:
    """Which version answers, and how, on this thread's connection."""
    return str(database.obj.health())


def tidy() -> None:
    """Let those who write have less to do; this thread is connected."""
    database.obj.tidy()


def streamed(query: Any) -> Iterator[Any]:
    """The rows of a query, of which only a few are in memory at a time."""
    yield from database.obj.streamed(query)


def _connect(which: Any, even_unfinished: bool) -> bool:
    """Whether the connection is a new one."""
    try:
        is_new: bool = which.connect(reuse_if_open=True)
        if not which.is_current:
            _bring_up_to_date(which)
            if not even_unfinished:
                _refuse_unfinished(which)
            which.is_current = True
    except (PeeweeException, DatabaseUnusable) as error:
        which.close()
        trouble = which.trouble(error)
        if isinstance(error, DatabaseUnusable) or not (trouble is None or which.may_come_back):
            raise DatabaseUnusable(f"{which.title} cannot be used: {trouble or error}") from error
        if trouble is None:
            raise
        raise DatabaseAway(trouble) from error
    tell_of_connection()
    return is_new


def _bring_up_to_date(which: Any) -> None:
    runner = migrations.Runner(which, directory=str(MIGRATIONS))
    steps = runner.status()
    unknown = [step.name for step in steps if step.path is None]
    if unknown:  # somebody went back to this version, which does not know a later one's tables
        raise DatabaseUnusable(
            f"a newer version of FaceTag has changed it ({', '.join(unknown)}): run that one, or a later one"
        )
    if not all(step.applied for step in steps):
        with which.migrating():
            runner.up()


def _refuse_unfinished(which: Any) -> None:
    if mark := mark_of(which):
        raise DatabaseUnusable(f"{mark}, so run it again, before anything else works here")
