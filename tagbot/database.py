"""Opening the database: connection, durability, migrations."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import DatabaseError, OperationalError, PeeweeException, SqliteDatabase
from playhouse import migrations

from tagbot.errors import Retry
from tagbot.models import database
from tagbot.process_lock import ProcessLock
from tagbot.sqlite_errors import with_advice

MIGRATIONS = Path(__file__).parent / "migrations"

BUSY_TIMEOUT = 10_000
"""Milliseconds to wait for another process's write to end."""

PRAGMAS: dict[str, str | int] = {
    "journal_mode": "wal",  # readers and the writer do not wait for each other
    "synchronous": 2,  # FULL: what was committed survives a power cut
    "foreign_keys": 1,
    "busy_timeout": BUSY_TIMEOUT,
}
"""What every connection is set to, and read back from it."""

if sys.platform == "darwin":
    PRAGMAS |= {
        "fullfsync": 1,
        "checkpoint_fullfsync": 1,
    }  # there, fsync alone leaves data in the drive's cache


class DatabaseUnusable(Exception):  # noqa: N818 - it says what the database is
    """The database cannot be opened, or not with what the bot's promises rest on; the text says why."""


def open_database(url: str) -> None:
    """Bind the tables to the database at `url` (sqlite:///PATH), bringing it to this version's layout.

    Each thread that uses it then says `connected`. Raises `DatabaseUnusable`.
    """
    path = Path(url.removeprefix("sqlite:///"))
    path.parent.mkdir(parents=True, exist_ok=True)
    # IMMEDIATE: a transaction that begins by reading and then writes cannot fail half-way because another
    # one wrote meanwhile (measured: 117 of 160 did, with SQLite's own default).
    opened = SqliteDatabase(
        str(path),
        pragmas=PRAGMAS,
        lock_type="IMMEDIATE",
        autoconnect=False,
        timeout=BUSY_TIMEOUT / 1000,  # for the pragmas themselves
    )
    database.initialize(opened)
    try:
        # One process at a time: a command may start in the same moment as the bot.
        with ProcessLock(path.with_name(f"{path.name}.migrating"), wait=True), connected():
            _refuse_a_newer_one(opened)
            migrations.run(opened, directory=str(MIGRATIONS))
    except (PeeweeException, DatabaseUnusable) as why:
        raise DatabaseUnusable(f"the database {path} cannot be used: {with_advice(why)}") from why


def _refuse_a_newer_one(opened: SqliteDatabase) -> None:
    """Somebody went back to this version from a later one, whose tables it does not know."""
    steps = migrations.Runner(opened, directory=str(MIGRATIONS)).status()
    unknown = [step.name for step in steps if step.path is None]
    if unknown:
        raise DatabaseUnusable(
            f"a newer version of FaceTag has changed it ({', '.join(unknown)}): run that one, or a later one"
        )


@contextmanager
def connected() -> Iterator[None]:
    """This thread's connection, closed at the end; inside another `connected`, the same one."""
    opened = database.connect(reuse_if_open=True)
    try:
        if opened:
            _read_back()
        yield
    finally:
        if opened:
            database.close()


@contextmanager
def reached() -> Iterator[None]:
    """Turn what the disk refuses into `Retry`: full, locked, not writable, damaged. A wrong use of the
    database stays the bug that it is.
    """
    try:
        yield
    except DatabaseError as error:
        if not (isinstance(error, OperationalError) or type(error) is DatabaseError):
            raise
        raise Retry(f"the database cannot be reached: {with_advice(error)}") from error


def _read_back() -> None:
    for name, wanted in PRAGMAS.items():
        found = database.execute_sql(f"PRAGMA {name}").fetchone()[0]
        if str(found).lower() != str(wanted):
            raise DatabaseUnusable(f"SQLite answers {name}={found}, where {wanted} was asked for")
