"""A database that serves one test after another is, for each of them, as if it had just been made."""

from collections.abc import Iterator

import psycopg
import pytest

from tagbot.database.models.bookkeeping import Tally
from tagbot.database.models.people import Person
from tagbot.database.opening import close_database, connected, open_database
from tests.kept_database import FEW, KeptDatabase
from tests.postgresql import Server


@pytest.fixture(name="kept")
def _kept(postgresql: Server) -> Iterator[KeptDatabase]:
    with postgresql.database() as url:
        kept = KeptDatabase(url)
        yield kept
        kept.close()


def contents(kept: KeptDatabase) -> dict[str, list[tuple[object, ...]]]:
    """What each table holds, in the same order whatever order the server keeps it in."""
    with psycopg.connect(kept.url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            name: sorted(connection.execute(f"TABLE {name}".encode()).fetchall(), key=repr)
            for (name,) in tables
        }


def test_what_a_test_wrote_is_gone_and_what_was_there_before_is_back(kept: KeptDatabase) -> None:
    before = contents(kept)
    open_database(kept.url)
    with connected():
        Person.with_slack_id("U1", 1.0)
        Tally.update(count=7).execute()
    close_database()
    assert contents(kept) != before
    assert kept.emptied()
    assert contents(kept) == before


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE person ADD COLUMN colour TEXT",
        "ALTER TABLE person ALTER COLUMN added_at DROP NOT NULL",
        "DROP TABLE vote",
        "DROP TRIGGER face_moved ON face",
        "CREATE INDEX another ON face (state)",
        "CREATE SCHEMA another",
        "REVOKE ALL ON person FROM CURRENT_USER",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 128', current_database()); END $$",
        "CREATE OR REPLACE FUNCTION tally_face() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
    ],
)
def test_one_that_a_test_changed_otherwise_serves_nobody_else(kept: KeptDatabase, change: str) -> None:
    with psycopg.connect(kept.url) as connection:
        connection.execute(change.encode())
    assert not kept.emptied()


def test_nor_does_one_that_held_much(kept: KeptDatabase) -> None:
    with psycopg.connect(kept.url) as connection:
        connection.execute(
            "INSERT INTO turn SELECT 'turn ' || number, 1 FROM generate_series(1, %s) AS number", [FEW + 1]
        )
    assert not kept.emptied()


def test_whoever_is_still_connected_is_not_any_more(kept: KeptDatabase) -> None:
    with psycopg.connect(kept.url, autocommit=True) as left:
        assert kept.emptied()
        with pytest.raises(psycopg.OperationalError):
            left.execute("SELECT 1")
