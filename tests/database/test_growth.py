"""That nothing takes longer for many faces: the counts are right without counting, and what is under way is
found without reading the rest.
"""

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from peewee import SqliteDatabase
from playhouse import migrations

from tagbot.commands import export
from tagbot.database.connection import connected, open_database
from tagbot.database.models.base import database
from tagbot.database.models.bookkeeping import Notice, StallAlert
from tagbot.database.models.faces import Face, store_photo, unknown_people
from tagbot.database.models.photos import Photo, photos_without_faces
from tagbot.database.models.requests import (
    ask_again,
    count_on_their_way,
    count_open_requests,
    next_waiting,
    next_with_message,
    stale_in_slack,
)
from tagbot.database.schema_upgrade import MIGRATIONS
from tagbot.vocabulary import State
from tests.postgresql import on_every_database

RECTANGLE = {"left": 1, "top": 2, "width": 90, "height": 91}


@pytest.fixture
def url(database_url: str) -> Iterator[str]:
    open_database(database_url)
    with connected():
        yield database_url


def rows(*states: str) -> tuple[dict[str, object], list[dict[str, object]]]:
    """A photo, and a face of it in each of these states."""
    sha256 = uuid.uuid4().hex * 2
    photo = {"sha256": sha256, "width": 512, "height": 512, "faces_found": len(states), "received_at": 1.0}
    faces = [{"id": str(uuid.uuid4()), "photo": sha256, "stored_at": 1.0, "state": each} for each in states]
    return photo, [face | RECTANGLE for face in faces]


def a_photo(*states: str) -> None:
    store_photo(*rows(*states))


def recount() -> dict[str, int]:
    return {state: Face.select().where(Face.state == state).count() for state in State}


def empty_photos() -> int:
    return Photo.select().where(Photo.faces_found == 0).count()


def move(old: str, new: str) -> None:
    for face in Face.select().where(Face.state == old).limit(2):
        Face.move(face.id, face.round, old, new)


def begin_again(old: str, _: str) -> None:
    for face in Face.select().where(Face.state == old).limit(1):
        ask_again(face.id, face.round, old, by=None)


def forget(old: str, _: str) -> None:
    """As an operator does by hand, photos and all."""
    photos = [face.photo.sha256 for face in Face.select().where(Face.state == old).limit(1)]
    Face.delete().where(Face.photo << photos).execute()
    Photo.delete().where(Photo.sha256 << photos).execute()


def set_all(_: str, new: str) -> None:
    Face.update(state=new).execute()


def roll_back(_: str, new: str) -> None:
    with database.atomic() as transaction:
        Face.update(state=new).execute()
        Photo.update(faces_found=0).execute()
        transaction.rollback()


def lose_faces(old: str, _: str) -> None:
    Photo.update(faces_found=0).where(
        Photo.sha256 << Face.select(Face.photo).where(Face.state == old)
    ).execute()


def store_empty(_: str, __: str) -> None:
    a_photo()


def delete_empty(_: str, __: str) -> None:
    Photo.delete().where((Photo.faces_found == 0) & (Photo.sha256.not_in(Face.select(Face.photo)))).execute()


ACTS: list[Callable[[str, str], None]] = [
    move, begin_again, forget, set_all, roll_back, lose_faces, store_empty, delete_empty,
]  # fmt: skip


@pytest.mark.rule("counts-kept")
@on_every_database
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(State), st.sampled_from(State)), max_size=8))
def test_the_counts_are_those_of_a_recount_whatever_happened(
    url: str, acts: list[tuple[Callable[[str, str], None], str, str]]
) -> None:
    assert url
    a_photo(*State)
    for act, old, new in acts:
        act(old, new)

    assert Face.counts() == recount()
    assert photos_without_faces() == empty_photos()


@pytest.mark.rule("counts-kept")
def test_a_database_of_before_the_counts_gets_the_right_ones(tmp_path: Path) -> None:
    file = tmp_path / "tagbot.db"
    old = SqliteDatabase(str(file))
    earlier = tmp_path / "migrations"
    earlier.mkdir()
    for script in sorted(MIGRATIONS.glob("000[123]_*.py")):
        (earlier / script.name).write_text(script.read_text())
    migrations.run(old, directory=str(earlier))
    with old.bind_ctx([Photo, Face]):
        for photo, faces in (rows(State.WAITING, State.OPEN, State.OPEN), rows()):
            Photo.insert(photo).execute()
            for face in faces:
                Face.insert(face).execute()
    old.close()

    open_database(f"sqlite:///{file}")

    with connected():
        assert Face.counts() == dict.fromkeys(State, 0) | {State.WAITING: 1, State.OPEN: 2}
        assert photos_without_faces() == 1


def test_a_database_of_before_the_places_of_hold_ups_keeps_what_the_channel_was_told(tmp_path: Path) -> None:
    file = tmp_path / "tagbot.db"
    old = SqliteDatabase(str(file))
    earlier = tmp_path / "migrations"
    earlier.mkdir()
    for script in sorted(MIGRATIONS.glob("000[1-7]_*.py")):
        (earlier / script.name).write_text(script.read_text())
    migrations.run(old, directory=str(earlier))
    old.close()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO hold_up (noticed_at, saying, told) VALUES (5.0, 'held-up', 1)")
        connection.execute("INSERT INTO notice VALUES ('queue face-undo', 'x', 1), ('n', 'y', 1)")

    open_database(f"sqlite:///{file}")

    with connected():
        hold_up = StallAlert.get()
        assert (hold_up.noticed_at, hold_up.saying, hold_up.told, hold_up.known) == (5.0, None, True, "{}")
        assert [notice.name for notice in Notice.select()] == ["n"]


@pytest.mark.rule("nothing-slow")
@pytest.mark.parametrize(
    ("ask", "by"),
    [
        (count_open_requests, {"face_posting", "face_stale"}),
        (lambda: count_on_their_way(20), {"face_pending"}),
        (lambda: next_with_message(20), {"face_pending"}),
        (lambda: next_waiting(20), {"face_state_stored_at_id"}),
        (stale_in_slack, {"face_stale"}),
        (lambda: unknown_people(1.0, 20), {"person_unknown", "face_person_id_state_tagged_at"}),
        (lambda: list(export.lines()), {"face_state_tagged_at_id"}),
    ],
    ids=["places", "on their way", "with message", "next", "stale", "unknown people", "export"],
)  # fmt: skip
def test_what_is_under_way_is_found_by_an_index_of_nothing_else(
    tmp_path: Path, ask: Callable[[], object], by: set[str]
) -> None:
    open_database(f"sqlite:///{tmp_path}/tagbot.db")
    with connected():
        plans = plans_of(ask)

    used = {index for plan in plans for index in by if f"INDEX {index}" in plan}
    assert used == by, plans
    assert not [plan for plan in plans if plan.startswith("SCAN") and "INDEX" not in plan], plans
    assert not [plan for plan in plans if "ORDER BY" in plan], plans


def plans_of(ask: Callable[[], object]) -> list[str]:
    """How SQLite answers what is asked of it meanwhile."""
    asked: list[tuple[str, Any]] = []
    connection = database.connection()
    connection.set_trace_callback(lambda sql: asked.append((sql, None)))
    try:
        ask()
    finally:
        connection.set_trace_callback(None)
    return [row[3] for sql, _ in asked for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
