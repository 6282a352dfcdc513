"""People without a Slack account: who a typed name means, and what agreement writes of them."""

import itertools
import uuid
from collections.abc import Sequence

import pytest

from tagbot.consensus import Agreed, Rule, consensus
from tagbot.database.models.faces import Face
from tagbot.database.models.named_people import agreed_person, person_meant
from tagbot.database.models.people import Person
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.lib.names import email_key, name_key
from tests.database.rows import a_face
from tests.postgresql import on_every_database

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]

_times = itertools.count(1000.0)


def say(face: Face, tagger: str, name: str, email: str = "", at: float = 1.0) -> str:
    """Store what a tagger typed, as `StoreFaceTagSql` does; the vote's id of the person."""
    with writing():
        answer = person_meant(name_key(name), email_key(email), face.id)
        Vote.put(face_id=face.id, tagger=tagger, answer=answer, round=1, at=at, name=name, email=email)
    return answer


def agree(face: Face, required: int = 2) -> Person:
    """What people agree on becomes the face's person, as `SendFaceForTraining` does."""
    with writing():
        outcome = consensus(Vote.of(face.id), Rule(required, 3))
        assert isinstance(outcome, Agreed)
        person = agreed_person(face.id, outcome, next(_times))
        Face.update(person=person, state="tagged").where(Face.id == face.id).execute()
    again: Person = Person.get_by_id(person.id)
    return again


def tag(*typed: str | tuple[str, str]) -> tuple[Face, Person]:
    """A face that as many taggers of its own agreed on, one after the other."""
    face = a_face(state="open")
    group = uuid.uuid4().hex[:8]
    for number, each in enumerate(typed):
        name, email = each if isinstance(each, tuple) else (each, "")
        say(face, f"U{group}{number}", name, email, at=float(number))
    return face, agree(face, len(typed))


def answers(face: Face) -> set[str]:
    return {vote.answer for vote in Vote.of(face.id)}


@pytest.mark.rule("most-used-spelling")
@pytest.mark.parametrize(
    ("typed", "name", "email"),
    [
        (["Zoë Moon", "ZOË MOON"], "Zoë Moon", None),
        (["zoë moon", "Zoë Moon", "Zoë  Moon"], "zoë moon", None),
        (["zoë moon", "Zoë Moon", "Zoë Moon"], "Zoë Moon", None),
        ([("Zoë", ""), ("Zoë", "z@example.com")], "Zoë", "z@example.com"),
        ([("Zoë", "Z@example.com"), ("Zoë", "z@example.com")], "Zoë", "Z@example.com"),
    ],
)
def test_the_person_is_made_of_what_those_who_agree_typed(
    typed: Sequence[str | tuple[str, str]], name: str, email: str | None
) -> None:
    face, person = tag(*typed)
    assert (person.name, person.email, person.slack_id) == (name, email, None)
    assert answers(face) == {person.id}
    assert Person.select().count() == 1


@pytest.mark.rule("one-word-changes-nothing")
def test_one_word_about_another_face_changes_nothing_of_a_person() -> None:
    _, zoe = tag("Zoë Moon", "Zoë Moon")
    other = a_face(state="open")
    assert say(other, "U9", "ZOË MOON", "other@example.com", at=20.0) == zoe.id
    again = Person.get_by_id(zoe.id)
    assert (again.name, again.email) == ("Zoë Moon", None)


@pytest.mark.rule("one-word-changes-nothing")
def test_one_other_spelling_among_those_who_agree_changes_no_name() -> None:
    _, zoe = tag("Zoë Moon", "Zoë Moon")
    _, again = tag("ZOË MOON", ("Zoë Moon", "zoe@example.com"))
    assert again.id == zoe.id
    assert (again.name, again.email) == ("Zoë Moon", "zoe@example.com")


@pytest.mark.rule("most-used-spelling")
def test_a_spelling_that_more_people_use_later_becomes_the_name() -> None:
    _, zoe = tag("Zoe Moon", "Zoe Moon")
    _, again = tag("ZOE MOON", "ZOE MOON", "ZOE MOON")
    assert (again.id, again.name) == (zoe.id, "ZOE MOON")


@pytest.mark.rule("same-name-same-person")
def test_two_people_of_one_name_with_different_addresses_stay_two() -> None:
    _, one = tag(("Zoë", "a@example.com"), ("Zoë", "a@example.com"))
    face, two = tag(("Zoë", "b@example.com"), "Zoë")
    assert one.id != two.id
    assert (one.email, two.email) == ("a@example.com", "b@example.com")
    assert answers(face) == {two.id}
    assert tag("Zoë", "Zoë")[1].id == one.id, "who gives none means the first of them"
    assert tag("zoë", ("zoë", "B@example.com"))[1].id == two.id
    assert Person.select().count() == 2


@pytest.mark.rule("same-name-same-person")
def test_a_vote_with_another_address_is_for_another_person_once_the_first_has_theirs() -> None:
    _, zoe = tag("Zoë", "Zoë")
    other = a_face(state="open")
    assert say(other, "U9", "Zoë", "b@example.com", at=20.0) == zoe.id, "nobody knows Zoë's address"
    _, again = tag("Zoë", ("Zoë", "a@example.com"))
    assert (again.id, again.email) == (zoe.id, "a@example.com")
    assert zoe.id not in answers(other)
    say(other, "U8", "Zoë", "b@example.com", at=21.0)
    assert agree(other).id != zoe.id


def test_a_vote_that_came_before_the_person_means_them() -> None:
    early = a_face(state="open")
    reserved = say(early, "U9", "Zoë")
    _, zoe = tag("ZOË", "ZOË")
    assert zoe.id == reserved
    assert answers(early) == {zoe.id}


def test_who_is_chosen_by_id_and_who_is_named_is_one_person() -> None:
    _, zoe = tag("Zoë", "Zoë")
    face = a_face(state="open")
    with writing():
        Vote.put(face_id=face.id, tagger="U8", answer=zoe.id, round=1, at=1.0)
    say(face, "U9", "ZOË", at=2.0)
    assert agree(face).id == zoe.id
    assert Person.get_by_id(zoe.id).name == "Zoë"


def test_two_people_of_before_whose_names_are_one_now_get_one_face() -> None:
    with writing():
        one, two = Person.with_name("O'Brien", None, 1.0), Person.with_name("O’Brien", None, 2.0)
        face = a_face(state="open")
        Vote.put(face_id=face.id, tagger="U8", answer=two.id, round=1, at=1.0)
        Vote.put(face_id=face.id, tagger="U9", answer=one.id, round=1, at=2.0)
    assert agree(face).id == one.id
    assert answers(face) == {one.id}


def test_a_slack_account_is_agreed_on_as_before() -> None:
    face = a_face(state="open")
    with writing():
        for tagger in ("U8", "U9"):
            Vote.put(face_id=face.id, tagger=tagger, answer="U1", round=1, at=1.0)
    assert agree(face).slack_id == "U1"
    assert answers(face) == {"U1"}
