"""A database in a file: its settings and its log."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tagbot.database.engine import database_at
from tagbot.database.models.base import database
from tagbot.database.models.people import Person
from tagbot.database.opening import connected, empty_log, explained, found, open_database, tidy
from tagbot.database.outages import DatabaseUnusable
from tagbot.database.sqlite import PRAGMAS
from tagbot.database.write_lock import writing


def test_every_connection_of_every_thread_is_durable_and_says_so(file_url: str) -> None:
    assert file_url
    found: list[dict[str, str]] = []

    def look() -> None:
        with connected():
            found.append(
                {name: str(database.execute_sql(f"PRAGMA {name}").fetchone()[0]) for name in PRAGMAS}
            )

    for thread in (threads := [threading.Thread(target=look) for _ in range(2)]):
        thread.start()
    for thread in threads:
        thread.join()
    look()
    assert found == [{name: str(value) for name, value in PRAGMAS.items()}] * 3
    assert PRAGMAS.items() >= {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}.items()


@pytest.mark.rule("forget-ends")
def test_what_rows_and_the_schema_have_explains_what_is_found_and_what_was_deleted_does_not(
    file_url: str,
) -> None:
    assert file_url
    with writing():
        Person.with_name("Ada Lovelace", "xeb@example.com", 1.0, id="ba00")
        Person.with_name("Xanthippe", None, 1.0)
    empty_log()
    named = {b"Lovelace", b"Xanthippe", b"lace"}
    assert found(named) == explained(named) == named
    with writing():
        Person.delete().where(Person.name == "Xanthippe").execute()
    assert b"Xanthippe" in found(named), "the log still has it"
    assert explained(named) == {b"Lovelace", b"lace"}
    # Of the schema, of the file itself, of two columns one after the other, and a letter that none has.
    words = {b"person", b"SQLite", b"Lovelacexeb@", "Zoë".encode()}
    assert explained(words) == words - {"Zoë".encode()}


@pytest.mark.rule("unsafe-database-refused")
def test_a_database_that_does_not_keep_a_setting_is_refused() -> None:
    # SQLite has no write-ahead log in memory, and says nothing about it.
    with pytest.raises(DatabaseUnusable, match="journal_mode=memory"):
        open_database("sqlite:///:memory:")
    Path(":memory:.migrating").unlink()


def test_tidying_brings_what_was_written_into_the_file(file_url: str, tmp_path: Path) -> None:
    def persons_in_the_file_alone() -> int:
        alone = tmp_path / "alone.db"
        alone.write_bytes(Path(file_url.removeprefix("sqlite:///")).read_bytes())
        with closing(sqlite3.connect(alone)) as connection:
            return int(connection.execute("SELECT count(*) FROM person").fetchone()[0])

    with connected():
        with writing():
            Person.with_name("Ada", None, 1.0)
        assert persons_in_the_file_alone() == 0
        tidy()
        assert persons_in_the_file_alone() == 1


def test_a_sqlite_that_is_too_old_is_refused_in_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    with pytest.raises(DatabaseUnusable, match=r"3\.35 is needed"):
        database_at(f"sqlite:///{tmp_path}/tagbot.db")
