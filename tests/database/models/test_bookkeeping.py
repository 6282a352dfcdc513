"""The counts that the database keeps are those of a recount."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tagbot.database.models.base import database
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.photos import Photo, photos_without_faces
from tagbot.database.models.rounds import ask_again
from tagbot.vocabulary import State
from tests.database.rows import photo_rows
from tests.examples import examples
from tests.postgresql import on_every_database


def a_photo(*states: str) -> None:
    store_photo(*photo_rows(*states))


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
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(25))
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
