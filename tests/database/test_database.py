"""The database: its layout, its durability, and many who use it at once."""

import errno
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from peewee import IntegrityError, SqliteDatabase

from tagbot.database.connection import connected, open_database, opened, tidy
from tagbot.database.engine import database_at
from tagbot.database.models.base import database
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.votes import Vote
from tagbot.database.outages import DatabaseUnusable, reached
from tagbot.database.schema_upgrade import MIGRATIONS
from tagbot.database.sqlite import PRAGMAS
from tagbot.database.tables import TABLES
from tagbot.database.write_lock import threads_lock, writing
from tagbot.errors import Retry
from tests.postgresql import DATABASES, Server, on_every_database
from tests.world import DATABASE, new_database

OPEN = """
import sys
from tagbot.database.connection import connected, open_database
from tagbot.database.models.people import Person
print("ready", flush=True)
sys.stdin.readline()
open_database(sys.argv[1])
with connected():
    Person.with_slack_id("U1", 1.0)
"""


@pytest.fixture
def url(database_url: str) -> Iterator[str]:
    """Of an open database."""
    open_database(database_url)
    with connected():
        yield database_url


@pytest.fixture
def file_url(tmp_path: Path) -> Iterator[str]:
    """Of an open one in a file."""
    url = new_database(tmp_path / "data" / DATABASE)
    open_database(url)
    with connected():
        yield url


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of one without any tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new/tagbot.db"
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database_without_layout() as url:
        yield url


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def a_face(face_id: str = "F", **changes: object) -> dict[str, object]:
    rectangle = {"left": 1, "top": 2, "width": 90, "height": 91}
    return {"id": face_id, "photo": "0" * 64, "stored_at": 1.0} | rectangle | changes


PHOTO: dict[str, object] = {
    "sha256": "0" * 64,
    "width": 512,
    "height": 512,
    "faces_found": 1,
    "received_at": 1.0,
}


def layout(file: Path) -> dict[str, object]:
    """Of each table its columns, what they refer to and its indexes, but for their names."""
    with closing(sqlite3.connect(file)) as connection:

        def ask(pragma: str) -> list[tuple[object, ...]]:
            return connection.execute(f"PRAGMA {pragma}").fetchall()

        return {
            table._meta.table_name: (
                [column[:4] + column[5:] for column in ask(f"table_info('{table._meta.table_name}')")],
                sorted(key[2:5] for key in ask(f"foreign_key_list('{table._meta.table_name}')")),
                sorted(
                    (index[2], tuple(column[2] for column in ask(f"index_info('{index[1]}')")))
                    for index in ask(f"index_list('{table._meta.table_name}')")
                    if not index[4]  # a partial one is no field's, and made by hand
                ),
            )
            for table in TABLES
        }


def test_the_migrations_make_exactly_the_tables_of_the_models(file_url: str, tmp_path: Path) -> None:
    file = tmp_path / "of-the-models.db"
    today = SqliteDatabase(str(file))
    with today.bind_ctx(TABLES):
        today.create_tables(TABLES)
        today.close()
    assert layout(path_of(file_url)) == layout(file)


@pytest.mark.rule("postgresql-as-sqlite")
def test_on_a_server_they_make_the_same_columns(postgresql: Server) -> None:
    def columns(which: Any) -> list[tuple[object, ...]]:
        return [
            (column.table, column.name, column.data_type, column.null, column.primary_key)
            for table in TABLES
            for column in which.get_columns(table._meta.table_name)
        ]

    with postgresql.database() as ours, postgresql.database_without_layout() as of_the_models:
        migrated, today = database_at(ours), database_at(of_the_models)
        today.is_current = True  # so nothing is migrated
        with opened(migrated), opened(today), today.bind_ctx(TABLES):
            today.create_tables(TABLES)
            assert columns(migrated) == columns(today)
        migrated.close_idle()
        today.close_idle()


@on_every_database
def test_there_is_no_table_besides_them_but_the_list_of_migrations(url: str) -> None:
    assert url
    ours = {table._meta.table_name for table in TABLES}
    assert set(database.get_tables()) - ours == {"schema_migration"}


@pytest.mark.rule("five-states")
@on_every_database
def test_a_state_that_the_contract_does_not_know_cannot_be_stored(url: str) -> None:
    assert url
    store_photo(PHOTO, [a_face()])
    with pytest.raises(IntegrityError):
        Face.update(state="lost").where(Face.id == "F").execute()


@on_every_database
def test_a_photo_is_stored_with_its_faces_or_not_at_all(url: str) -> None:
    assert url
    with pytest.raises(IntegrityError):
        store_photo(PHOTO, [a_face("F"), a_face("F")])
    assert (Photo.select().count(), Face.select().count()) == (0, 0)


@on_every_database
def test_what_a_row_refers_to_has_to_exist(url: str) -> None:
    assert url
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), writing():
        Vote.put(face_id="nobody", tagger="U1", answer="U2", round=1, at=1.0)


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


def test_what_was_written_is_on_the_disk_with_one_wait_while_others_may_write(
    file_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, waits = os.fdatasync, []

    def fdatasync(descriptor: int) -> None:
        with ThreadPoolExecutor(1) as another:
            waits.append(another.submit(count_of_persons).result())
        real(descriptor)

    def count_of_persons() -> int:
        with connected(), threads_lock, database.atomic():
            return int(Person.select().count())

    monkeypatch.setattr("tagbot.lib.write_ahead_log.os.fdatasync", fdatasync)
    with writing():
        Person.with_name("Zoë", "zoe@example.org", 5.0)
        with writing():
            Person.with_name("Ada", "ada@example.org", 5.0)
        assert waits == []
    assert waits == [2], "once, when both had been committed"
    assert database.execute_sql("PRAGMA synchronous").fetchone() == (2,), (
        "whoever else commits waits by itself"
    )
    assert path_of(file_url).exists()


def test_what_the_disk_did_not_take_is_tried_again(file_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert file_url
    real = os.fdatasync

    def refuse(_: int) -> None:
        monkeypatch.setattr("tagbot.lib.write_ahead_log.os.fdatasync", real)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("tagbot.lib.write_ahead_log.os.fdatasync", refuse)
    with pytest.raises(Retry, match=r"cannot be reached: disk I/O error.*\(look after the disk\)"):
        store("Zoë")
    store("Zoë")


def store(name: str) -> None:
    with reached(), writing():
        Person.with_name(name, "zoe@example.org", 5.0)


@pytest.mark.rule("unsafe-database-refused")
def test_a_database_that_does_not_keep_a_setting_is_refused() -> None:
    # SQLite has no write-ahead log in memory, and says nothing about it.
    with pytest.raises(DatabaseUnusable, match="journal_mode=memory"):
        open_database("sqlite:///:memory:")
    Path(":memory:.migrating").unlink()


@on_every_database
def test_data_of_this_version_is_there_when_it_is_opened_again(url: str) -> None:
    store_photo(PHOTO, [a_face()])
    with writing():
        person = Person.with_name("Zoë  Ångström", "zoe@example.com", 5.0)
        Vote.put(face_id="F", tagger="U1", answer=person.id, round=1, at=1_800_000_000.123456)
    database.close()
    open_database(url)
    with connected():
        assert Person.get_by_id(person.id).name == "Zoë Ångström"
        assert [(vote.tagger, vote.at) for vote in Vote.of("F")] == [("U1", 1_800_000_000.123456)]
        assert Face.get_by_id("F").photo.width == 512


@on_every_database
def test_threads_that_read_and_then_write_never_meet_a_locked_database(url: str) -> None:
    assert url
    store_photo(PHOTO, [a_face()])
    problems: list[BaseException] = []

    def count_up() -> None:
        try:
            with connected():
                for _ in range(15):
                    with writing():
                        Face.note("F", revision=Face.get_by_id("F").revision + 1)
        except BaseException as problem:
            problems.append(problem)
            raise

    for thread in (threads := [threading.Thread(target=count_up) for _ in range(8)]):
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert Face.get_by_id("F").revision == 8 * 15


@pytest.mark.rule("one-writer")
@on_every_database
def test_neither_do_those_of_another_process_that_no_lock_of_ours_lines_up(url: str) -> None:
    assert url
    store_photo(PHOTO, [a_face()])
    problems: list[BaseException] = []

    def count_up() -> None:
        try:
            with connected():
                for _ in range(10):
                    with database.atomic():
                        revision = Face.get_by_id("F").revision
                        time.sleep(0.001)  # in which others begin
                        Face.update(revision=revision + 1).where(Face.id == "F").execute()
        except BaseException as problem:
            problems.append(problem)
            raise

    for thread in (threads := [threading.Thread(target=count_up) for _ in range(4)]):
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert Face.get_by_id("F").revision == 4 * 10


def test_processes_that_open_it_at_once_make_it_once(empty_url: str) -> None:
    url = empty_url
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=20)[1] for process in processes] == [""] * 3
    open_database(url)
    with connected():
        assert Person.select().count() == 1
        [(done,)] = database.execute_sql("SELECT count(*) FROM schema_migration").fetchall()
        assert done == len(list(MIGRATIONS.glob("[0-9]*.py")))


# --- While it runs -----------------------------------------------------------------------------------------


def full(_: str) -> None:
    (pages,) = database.execute_sql("PRAGMA page_count").fetchone()
    database.execute_sql(f"PRAGMA max_page_count = {pages}")


def locked(url: str) -> None:
    database.execute_sql("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(path_of(url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    HOLDERS.append(other)


def damaged(url: str) -> None:
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    path = path_of(url)
    path.write_bytes(path.read_bytes()[:4096] + b"x" * (path.stat().st_size - 4096))
    database.execute_sql("PRAGMA shrink_memory")


HOLDERS: list[sqlite3.Connection] = []


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (full, "database or disk is full (make room on the disk)"),
        (locked, "database is locked (another program holds it: end that program)"),
        (damaged, "database disk image is malformed (stop the bot, then restore"),
    ],
)
def test_what_the_disk_refuses_is_tried_again_and_says_what_to_do(
    file_url: str, trouble: Callable[[str], None], says: str
) -> None:
    trouble(file_url)
    try:
        with pytest.raises(Retry) as refused, reached(), writing():
            Person.with_name("Zoë", "x" * 100_000, 5.0)
    finally:
        while HOLDERS:
            HOLDERS.pop().close()
    assert refused.value.reason.startswith("the database cannot be reached: ")
    assert says in refused.value.reason


def test_with_room_again_the_same_connection_goes_on(file_url: str) -> None:
    full(file_url)
    with pytest.raises(Retry), reached(), writing():
        Person.with_name("Zoë", "x" * 100_000, 5.0)
    assert not database.in_transaction()
    database.execute_sql("PRAGMA max_page_count = 1000000")
    with reached(), writing():
        Person.with_name("Zoë", "x" * 100_000, 5.0)
    assert Person.select().count() == 1


@on_every_database
def test_a_wrong_use_of_the_database_stays_the_bug_that_it_is(url: str) -> None:
    assert url
    with pytest.raises(IntegrityError), reached():
        store_photo(PHOTO, [a_face("F"), a_face("F")])


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
