"""Databases with very many faces, and queues behind which very many messages lie."""

import hashlib
import json
import random
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.rounds import say
from tagbot import build
from tagbot.database.engine import database_at
from tagbot.database.models.base import database
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.database.opening import opened
from tagbot.messages import AnswerGiven
from tagbot.queues import Queue
from tagbot.settings import Settings
from tagbot.vocabulary import State

OPEN_FACES = 20
"""As many as `MAX_OPEN_REQUESTS` allows by default."""

FACES_A_PHOTO = 2
FACES_A_PERSON = 100
EMPTY_PHOTOS = 10
"""One photo in so many has no face."""

BEGAN = 1_700_000_000.0
"""When the first face came; then one each minute."""


@dataclass(frozen=True, slots=True)
class Place:
    """A bot's database and queues."""

    faces: int
    database: Any
    queues: Mapping[str, Queue]

    @contextmanager
    def used(self) -> Iterator[None]:
        """Have the tables be those of this database, for this thread."""
        before = database.obj
        database.initialize(self.database)
        try:
            yield
        finally:
            database.initialize(before)


@contextmanager
def place(
    folder: Path, databases: Path, faces: int, done_messages: int, settings: Settings
) -> Iterator[Place]:
    """So many faces, most of them tagged; so many answers that came and went. The database is built where
    the folder of `databases` has none of this size.
    """
    this = database_at(f"sqlite:///{_built(databases, faces)}")
    with build.queues(replace(settings, data_dir=folder)):
        pass  # the files are there now
    _let_pass(folder / "queues" / f"{AnswerGiven.QUEUE}.db", done_messages)
    with build.queues(replace(settings, data_dir=folder)) as queues, opened(this):
        yield Place(faces, this, queues)


def _let_pass(queue_file: Path, count: int) -> None:
    """Leave the file as so many messages leave it that were put and acknowledged."""
    envelope = json.dumps({"v": 1, "id": "x" * 60, "key": "x" * 36, "body": {"face_id": "x" * 36}})
    with closing(sqlite3.connect(queue_file)) as connection, connection:
        connection.executemany(
            "INSERT INTO ack_queue_messages (data, timestamp, status, message_id, key)"
            " VALUES (?, ?, 2, ?, ?)",
            ((envelope, BEGAN, f"{number}", "x" * 36) for number in range(count)),
        )
        connection.execute("DELETE FROM ack_queue_messages")


def _built(databases: Path, faces: int) -> Path:
    file = databases / f"{faces}.db"
    if not file.exists():
        say(f"building a database of {faces:,} faces")
        with opened(database_at(f"sqlite:///{file}")):
            pass  # its tables are there now
        with closing(sqlite3.connect(file)) as connection:
            _fill(connection, faces)
    return file


def _fill(connection: sqlite3.Connection, faces: int) -> None:
    connection.execute("PRAGMA journal_mode = delete")
    connection.execute("PRAGMA synchronous = off")
    connection.execute("PRAGMA cache_size = -500000")
    chance = random.Random(1)
    people = [_id(chance) for _ in range(max(1, faces // FACES_A_PERSON))]
    ids = [_id(chance) for _ in range(faces)]
    with connection:
        _insert(connection, Person, (_person(number, each) for number, each in enumerate(people)))
        _insert(connection, Photo, (_photo(number) for number in range(faces // FACES_A_PHOTO)))
        asked = ((number, each) for number, each in enumerate(ids) if _state(number, faces) != State.WAITING)
        _insert(connection, Request, (_request(number, each, faces) for number, each in asked))
        _insert(connection, Face, (_face(number, each, people, faces) for number, each in enumerate(ids)))
        tagged = (each for number, each in enumerate(ids) if _state(number, faces) == State.TAGGED)
        _insert(connection, Vote, (vote for each in tagged for vote in _votes(each, people)))


def _insert(connection: sqlite3.Connection, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    """What a row does not say is as the table has it by itself."""
    about = table._meta  # noqa: SLF001 - peewee's way to ask
    whole = ({**about.get_default_dict(), **row} for row in rows)
    first = next(whole)
    columns = [about.combined[name].column_name for name in first]
    places = ", ".join(f":{name}" for name in first)
    sql = f"INSERT INTO {about.table_name} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - names of ours
    connection.execute(sql, first)
    connection.executemany(sql, whole)


def _id(chance: random.Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def _sha256(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def _state(number: int, faces: int) -> str:
    """The last ones are open; before them, some wait; of the others, one in twenty was set aside."""
    if number >= faces - OPEN_FACES:
        return State.OPEN
    if number >= faces - OPEN_FACES - faces // 20:
        return State.WAITING
    return State.REJECTED if number % 20 == 0 else State.TAGGED


def _person(number: int, person_id: str) -> dict[str, Any]:
    return {
        "id": person_id,
        "slack_id": f"U{number:010d}",
        "name": f"Somebody {number}",
        "email": f"{number}@example.com",
        "enriched_at": BEGAN,
        "training_ref": person_id,
        "added_at": BEGAN,
    }


def _photo(number: int) -> dict[str, Any]:
    return {
        "sha256": _sha256(number),
        "source": "lobby",
        "width": 4000,
        "height": 3000,
        "faces_found": 0 if number % EMPTY_PHOTOS == 0 else FACES_A_PHOTO,
        "received_at": BEGAN + 60 * number,
    }


def _face(number: int, face_id: str, people: list[str], faces: int) -> dict[str, Any]:
    state, stored_at = _state(number, faces), BEGAN + 60 * number
    tagged, asked = state == State.TAGGED, state != State.WAITING
    return {
        "id": face_id,
        "photo": _sha256(number // FACES_A_PHOTO),
        "left": 100,
        "top": 100,
        "width": 90,
        "height": 90,
        "stored_at": stored_at,
        "state": state,
        "reason": "unknown" if state == State.REJECTED else None,
        "round": 1,
        "request": face_id if asked else None,
        "person": people[number % len(people)] if tagged else None,
        "training_backend": "local" if tagged else None,
        "person_ref": people[number % len(people)] if tagged else None,
        "face_ref": face_id if tagged else None,
        "closed_at": stored_at + 3600 if tagged else None,
        "tagged_at": stored_at + 3602 if tagged else None,
    }


def _request(number: int, face_id: str, faces: int) -> dict[str, Any]:
    """The request of a face, which asks about no other."""
    posted_at = BEGAN + 60 * number
    return {
        "id": face_id,
        "message_ts": f"{posted_at:.6f}",
        "posted_at": posted_at,
        "revision": 3,
        "shown_revision": 3,
        "closing_shown_at": None if _state(number, faces) == State.OPEN else posted_at + 3601,
    }


def _votes(face_id: str, people: list[str]) -> Iterator[dict[str, Any]]:
    for number in range(2):
        yield {"face": face_id, "tagger": f"U{number:010d}", "answer": people[0], "round": 1, "at": BEGAN}
