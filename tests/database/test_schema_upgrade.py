"""The schema: the migrations make it from nothing and from each earlier version, once."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from peewee import SqliteDatabase
from playhouse import migrations

from tagbot.database.engine import database_at
from tagbot.database.models.base import database
from tagbot.database.models.bookkeeping import Effort, Notice, StallAlert
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.photos import photos_without_faces
from tagbot.database.models.places import count_open_requests
from tagbot.database.models.requests import stale_in_slack
from tagbot.database.models.rounds import PastRound
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected, open_database, opened
from tagbot.database.schema_upgrade import MIGRATIONS
from tagbot.database.tables import TABLES
from tagbot.lib.names import name_key
from tagbot.vocabulary import State
from tests.database.conftest import path_of
from tests.database.rows import photo_rows
from tests.postgresql import DATABASES, Server, on_every_database

OPEN = """
import sys
from tagbot.database.opening import connected, open_database
from tagbot.database.models.people import Person
print("ready", flush=True)
sys.stdin.readline()
open_database(sys.argv[1])
with connected():
    Person.with_slack_id("U1", 1.0)
"""


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of one without any tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new/tagbot.db"
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database_without_layout() as url:
        yield url


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


@pytest.mark.process
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


OF_THE_MESSAGE: dict[str, object] = {"round": 1, "revision": 0, "shown_revision": 0}
"""What a face had to have before a request was a thing of its own."""


def database_before(script: str, file: Path) -> SqliteDatabase:
    """A database as it was before the script of this number changed it."""
    old = SqliteDatabase(str(file))
    earlier = file.parent / "migrations"
    earlier.mkdir()
    for path in MIGRATIONS.glob("0*.py"):
        if path.name < script:
            (earlier / path.name).write_text(path.read_text())
    migrations.run(old, directory=str(earlier))
    return old


def insert(old: SqliteDatabase, table: str, row: dict[str, object]) -> None:
    """A row with the columns of an earlier version."""
    columns = {"photo_id" if name == "photo" else name: value for name, value in row.items()}
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - no stranger's text
    old.execute_sql(sql, [*columns.values()])  # type: ignore[no-untyped-call]  # peewee's


@pytest.mark.rule("counts-kept")
def test_a_database_of_before_the_counts_gets_the_right_ones(tmp_path: Path) -> None:
    file = tmp_path / "tagbot.db"
    old = database_before("0004", file)
    for photo, faces in (photo_rows(State.WAITING, State.OPEN, State.OPEN), photo_rows()):
        insert(old, "photo", photo)
        for face in faces:
            insert(old, "face", face | OF_THE_MESSAGE)
    old.close()

    open_database(f"sqlite:///{file}")

    with connected():
        assert Face.counts() == dict.fromkeys(State, 0) | {State.WAITING: 1, State.OPEN: 2}
        assert photos_without_faces() == 1


def test_a_database_of_before_the_places_of_hold_ups_keeps_what_the_channel_was_told(tmp_path: Path) -> None:
    file = tmp_path / "tagbot.db"
    database_before("0008", file).close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO hold_up (noticed_at, saying, told) VALUES (5.0, 'held-up', 1)")
        connection.execute("INSERT INTO notice VALUES ('queue face-undo', 'x', 1), ('n', 'y', 1)")

    open_database(f"sqlite:///{file}")

    with connected():
        hold_up = StallAlert.get()
        assert (hold_up.noticed_at, hold_up.saying, hold_up.told, hold_up.known) == (5.0, None, True, "{}")
        assert [notice.name for notice in Notice.select()] == ["n"]


@pytest.mark.rule("one-word-changes-nothing")
def test_people_of_before_whom_nobody_agreed_on_are_votes_again(tmp_path: Path) -> None:
    file = tmp_path / "tagbot.db"
    old = database_before("0009", file)
    photo, faces = photo_rows(State.OPEN, State.TAGGED)
    insert(old, "photo", photo)
    for face in faces:
        insert(old, "face", face | OF_THE_MESSAGE)
    old.close()
    people = [("P1", "O'Brien", "o'brien"), ("P2", "O’Brien\u202e", "o’brien\u202e"), ("P3", "Zoë", "zoë")]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(
            "INSERT INTO person (id, name, email, name_key, enriched_at, added_at)"
            " VALUES (?, ?, 'e', ?, 1, 1)",
            people,
        )
        connection.execute("INSERT INTO person (id, slack_id, added_at) VALUES ('P4', 'U4', 1)")
        connection.execute("UPDATE face SET person_id = 'P3' WHERE state = 'tagged'")
        connection.executemany(
            "INSERT INTO vote (face_id, tagger, answer, round, at) VALUES (?, ?, ?, 1, ?)",
            [(faces[0]["id"], f"U{number}", f"P{number}", number) for number in (1, 2, 3)],
        )

    open_database(f"sqlite:///{file}")

    with connected():
        assert {(person.id, person.name_key) for person in Person.select()} == {("P3", "zoë"), ("P4", None)}
        rows = [
            (vote.answer, vote.name, vote.email, vote.name_key) for vote in Vote.select().order_by(Vote.at)
        ]
        assert rows == [
            ("P1", "O'Brien", "e", "o'brien"),
            ("P2", "O’Brien", "e", "o'brien"),
            ("P3", None, None, None),
        ]
        assert [(vote.name_key, vote.email_key) for vote in Vote.of(str(faces[0]["id"]))] == [
            ("o'brien", "e"),
            ("o'brien", "e"),
            ("zoë", "e"),
        ]


@pytest.mark.rule("same-name-same-person", "upgrade-keeps-everything")
def test_turkish_names_of_before_are_known_by_their_key_of_today(tmp_path: Path) -> None:
    file = tmp_path / "tagbot.db"
    database_before("0035", file).close()
    people = [("P1", "İpek Işık", "i\u0307pek işık"), ("P2", "Zoë", "zoë")]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(
            "INSERT INTO person (id, name, name_key, added_at) VALUES (?, ?, ?, 1)", people
        )

    open_database(f"sqlite:///{file}")

    with connected():
        assert {person.name_key for person in Person.select()} == {name_key("ipek ışık"), "zoë"}


@pytest.mark.rule("upgrade-keeps-everything", "stats-json")
@pytest.mark.parametrize("voted", [True, False])
def test_the_answers_that_are_there_are_counted_with_the_clicks_that_they_took(
    tmp_path: Path, voted: bool
) -> None:
    file = tmp_path / "tagbot.db"
    old = database_before("0014", file)
    photo, (face,) = photo_rows(State.OPEN)
    insert(old, "photo", photo)
    insert(old, "face", face | {"round": 1})
    answers: list[dict[str, object]] = [
        {"answer": "not_a_face"},
        {"answer": "dont_know"},
        {"answer": "U7"},
        {"answer": "P1", "name": "Zoë"},
        {"answer": "P1", "name": "Zoë", "email": "zoe@example.com"},
    ]
    for number, answer in enumerate(answers if voted else []):
        insert(old, "vote", {"face_id": face["id"], "tagger": f"U{number}", "round": 1, "at": 1.0} | answer)
    old.close()

    open_database(f"sqlite:///{file}")

    with connected():
        clicks = 1 + 1 + 2 + 3 + 4
        assert Effort.counts() == ({"answers": 5, "clicks": clicks} if voted else {"answers": 0, "clicks": 0})
        assert Effort.select().count() == (2 if voted else 0), "a new database has no rows"


@pytest.mark.rule("upgrade-keeps-everything")
def test_each_face_that_has_a_message_gets_a_request_of_its_own_and_so_does_each_round_that_is_over(
    tmp_path: Path,
) -> None:
    file = tmp_path / "tagbot.db"
    old = database_before("0012", file)
    photo, rows = photo_rows(State.OPEN, State.TAGGED, State.WAITING, State.WAITING)
    insert(old, "photo", photo)
    changes: list[dict[str, object]] = [
        {"message_ts": "1.0", "posted_at": 1.5, "revision": 3, "shown_revision": 2, "channel": "C1"},
        {"message_ts": "2.0", "posted_at": 2.5, "round": 2, "closing_shown_at": 9.0},
        {"posting_since": 4.0, "channel": "C1", "pending": "m"},
        {},
    ]
    for row, more in zip(rows, changes, strict=True):
        insert(old, "face", row | OF_THE_MESSAGE | more)
    opened_, tagged, posting, waiting = (str(row["id"]) for row in rows)
    for shown, round_ in ((1, 1), (0, 0)):
        past = {"face_id": tagged, "round": round_, "message_ts": f"0.{round_}", "shown": shown}
        insert(old, "past_request", past | {"reopened_by": "U1", "channel": "C0"})
    old.close()

    open_database(f"sqlite:///{file}")

    with connected():
        requests = {face.id: face.request for face in Face.select()}
        assert requests[waiting] is None
        first, second, third = requests[opened_], requests[tagged], requests[posting]
        assert first is not None
        assert second is not None
        assert third is not None
        assert (first.message_ts, first.channel, first.posted_at) == ("1.0", "C1", 1.5)
        assert (second.message_ts, second.closing_shown_at) == ("2.0", 9.0)
        assert (third.message_ts, third.posting_since) == (None, 4.0)
        assert count_open_requests() == 2
        rounds = PastRound.select().order_by(PastRound.round)
        assert [(past.face_id, past.request.message_ts, past.reopened_by) for past in rounds] == [
            (tagged, "0.0", "U1"),
            (tagged, "0.1", "U1"),
        ]
        assert set(stale_in_slack()) == {first.id, rounds[0].request.id}
