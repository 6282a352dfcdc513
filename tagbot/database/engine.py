"""The two engines: SQLite for a file, PostgreSQL for a server. `DATABASE_URL` chooses.

Only this package knows which it is. Both keep the same promises: a commit survives a power cut, and one
transaction writes at a time.
"""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from tagbot.database.outages import DatabaseUnusable
from tagbot.lib.installation import advice


class Engine(Protocol):
    """An addition of SQLite's and PostgreSQL's to Peewee's database."""

    title: str
    """The database's name for the operator; without a password."""
    is_current: bool
    """Whether this process has seen that the schema is this version's."""
    may_come_back: bool
    """Whether waiting helps when it cannot be opened at the start."""

    def migrating(self) -> AbstractContextManager[object]:
        """Keeps others from changing the schema meanwhile."""

    def outage(self, error: BaseException) -> str | None:
        """The cause and the advice for the operator; None where the error is a bug."""

    def alone(self, name: str, *, wait: bool) -> AbstractContextManager[bool]:
        """As `tagbot.database.named_lock.alone` says."""

    def on_disk_together(self) -> AbstractContextManager[object]:
        """Commits within the block are on the disk when it ends. One wait for the disk may serve several
        threads, so others may write after a commit in here.
        """

    def tidy(self) -> None:
        """Housekeeping that would otherwise delay an answer."""

    def empty_log(self) -> None:
        """Bring what was written into the file, and leave nothing of it in the log; raises `Retry` while
        somebody reads.
        """

    def compact(self) -> bool:
        """Write the tables anew, without what was deleted before; whether the server lets the bot."""

    def found(self, wanted: Collection[bytes]) -> set[bytes]:
        """Those of the wanted texts and vectors that are in it: in its files, where they are on this machine,
        else in its tables.
        """

    def explained(self, wanted: Collection[bytes]) -> set[bytes]:
        """Those of the wanted texts that its rows or its schema have just now: `found` need not have found
        them in what was deleted.
        """

    def now(self) -> float:
        """Seconds since 1970, by the clock that all bots on this database share."""

    def health(self) -> str:
        """The version that answers on this thread's connection, and how fast."""

    def streamed(self, query: Any) -> Iterator[Any]:
        """The rows of a query, of which only a few are in memory at a time."""

    def take_your_time(self) -> None:
        """Lift the time limits of statements and transactions on this thread's connection."""

    def close_idle(self) -> None:
        """Close the connections that no thread uses."""


def database_at(url: str, connections: int = 8) -> Any:
    """The database at `url`, not connected yet: Peewee's, and an `Engine`. Raises `DatabaseUnusable`.

    `connections` is how many threads of this process may be connected to a server at a time.
    """
    if url.startswith("sqlite:"):
        from tagbot.database.sqlite import SqliteFile

        return SqliteFile(url)
    # Imported here: a bot on SQLite need not have psycopg.
    try:
        from tagbot.database.postgresql import PostgresqlServer
    except ModuleNotFoundError as missing:
        raise DatabaseUnusable(
            f"{missing.name}, which postgresql:// in DATABASE_URL needs, is not installed: "
            f"{advice('`make postgresql` adds it', 'postgresql')}"
        ) from None
    return PostgresqlServer(url, connections)
