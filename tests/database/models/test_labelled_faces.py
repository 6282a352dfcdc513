"""How people came to label faces."""

from tagbot.database.models.faces import Face
from tagbot.database.models.labelled_faces import count_labelled, last_labelled
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.vocabulary import MACHINE, State
from tests.database.labelled import label
from tests.database.rows import a_face
from tests.postgresql import on_every_database

pytestmark = on_every_database


def test_tagged_faces_and_those_that_are_none_are_labelled(url: str) -> None:
    assert url
    label("U1", "U1")
    label("not_a_face", "not_a_face")
    for state in State:
        a_face(state=state, reason="unknown" if state == State.REJECTED else None)
    assert count_labelled() == 3
    assert len(list(last_labelled(10))) == 3


def test_the_last_ones_come_first_of_both_kinds(url: str) -> None:
    assert url
    for answer in ("U1", "not_a_face", "U2", "not_a_face", "U3"):
        label(answer)
    assert [face.answers[0] for face in last_labelled(10)] == ["U3", "not_a_face", "U2", "not_a_face", "U1"]
    assert [face.answers[0] for face in last_labelled(2)] == ["U3", "not_a_face"]


def test_the_time_is_from_the_request_to_the_decision(url: str) -> None:
    assert url
    label("U1", seconds=90.0)
    assert [face.seconds for face in last_labelled(1)] == [90.0]
    Request.update(posted_at=None).execute()
    assert [face.seconds for face in last_labelled(1)] == [None]


def test_spellings_of_one_name_are_the_same_answer_and_so_is_the_person(url: str) -> None:
    assert url
    face = label("U1")
    person = Person.with_name("Zoë", None, 1.0)
    Vote.put(face_id=face.id, tagger="A", answer=str(person.id), round=1, at=1.0)
    for tagger, name in (("B", "zoë"), ("C", "ZOË ")):
        Vote.put(face_id=face.id, tagger=tagger, answer=f"id of {tagger}", round=1, at=2.0, name=name)
    (labelled,) = last_labelled(1)
    assert len(labelled.answers) == 4
    assert len(set(labelled.answers)) == 2


def test_the_machines_vote_is_no_persons_answer(url: str) -> None:
    assert url
    face = label("U1")
    Vote.put(face_id=face.id, tagger=MACHINE, answer="U2", round=1, at=2.0)
    assert [each.answers for each in last_labelled(1)] == [("U1",)]


def test_a_face_that_is_asked_again_is_not_labelled(url: str) -> None:
    assert url
    label("U1")
    Face.update(state=State.OPEN).execute()
    assert (count_labelled(), list(last_labelled(1))) == (0, [])
