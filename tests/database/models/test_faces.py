"""Faces: how one moves, how many there are, and what the table refuses."""

import pytest
from peewee import IntegrityError

from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.vocabulary import State
from tests.database.rows import PHOTO, a_face, a_face_row
from tests.postgresql import on_every_database
from tests.world import request_of

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]


@pytest.mark.rule("five-states")
def test_a_state_that_the_contract_does_not_know_cannot_be_stored() -> None:
    store_photo(PHOTO, [a_face_row()])
    with pytest.raises(IntegrityError):
        Face.update(state="lost").where(Face.id == "F").execute()


def test_a_photo_is_stored_with_its_faces_or_not_at_all() -> None:
    with pytest.raises(IntegrityError):
        store_photo(PHOTO, [a_face_row("F"), a_face_row("F")])
    assert (Photo.select().count(), Face.select().count()) == (0, 0)


@pytest.mark.rule("five-states")
def test_a_face_moves_once_and_only_from_the_state_and_round_that_was_seen() -> None:
    face = a_face(message_ts="1.0")
    assert not Face.move(face.id, 2, State.WAITING, State.OPEN)
    assert not Face.move(face.id, 1, State.OPEN, State.TAGGED)
    assert Face.move(face.id, 1, State.WAITING, State.OPEN)
    assert not Face.move(face.id, 1, State.WAITING, State.OPEN)
    assert request_of(Face.get_by_id(face.id)).revision == 1


def test_every_state_is_counted_also_where_there_is_none() -> None:
    a_face(state=State.OPEN)
    a_face(state=State.OPEN)
    a_face(state=State.REJECTED)
    assert Face.counts() == dict.fromkeys(State, 0) | {State.OPEN: 2, State.REJECTED: 1}


def test_of_a_persons_faces_those_in_the_model_or_on_their_way_there_count() -> None:
    person = Person.with_slack_id("U9", 1.0)
    ours = a_face(state=State.OPEN)
    a_face(state=State.TAGGED, person=person.id, face_ref="f")
    a_face(state="training", person=person.id)
    a_face(state=State.TAGGED, person=person.id, reason="person_full")
    a_face(state="training", person=person.id, reason="person_full")
    a_face(state=State.TAGGED, person=Person.with_slack_id("U8", 1.0).id, face_ref="g")
    assert ours.in_model_of(person) == 2
