"""All that the database keeps of people, for themselves and for the operator."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import fn

from tagbot.database.models.consents import (
    ConsentQuestion,
    ConsentStatement,
    standing,
    waiting_for_consent,
)
from tagbot.database.models.export_lines import lines, utc
from tagbot.database.models.faces import Face
from tagbot.database.models.merged_people import MergedPeople
from tagbot.database.models.merges import merged_into
from tagbot.database.models.people import Person
from tagbot.database.models.votes import Vote
from tagbot.lib.names import name_key
from tagbot.lib.typed_ids import ACCOUNT, ids_meant, without_quotes
from tagbot.vocabulary import Consent, State


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person in figures."""

    person: Person
    faces: int
    """In which they are tagged."""
    learned: int
    consent: Consent
    consent_at: float | None
    """When they were asked, or said what counts; seconds since 1970."""
    way: str = ""
    """How they said it."""
    text: str | None = None
    """The words that they said it to, where these are known."""


def known_people() -> Iterator[KnownPerson]:
    """All people that there are, in the order of their names; of merged ones the one that they are."""
    people = Person.select().where(Person.merged_into.is_null())
    for person in people.order_by(fn.LOWER(Person.name), Person.id):
        yield known_person(person)


def known_person(person: Person) -> KnownPerson:
    """One of them."""
    said, question = ConsentStatement.latest(person.id), ConsentQuestion.of(person.id)
    asked_at = question.asked_at if question is not None else None
    faces = Face.select().where((Face.person == person) & (Face.state == State.TAGGED)).count()
    return KnownPerson(
        person,
        faces=faces,
        learned=Face.learned_of(person),
        consent=standing(person.id),
        consent_at=said.at if said is not None else asked_at,
        way=said.way if said is not None else "",
        text=said.words if said is not None else None,
    )


def people_called(text: str) -> list[Person]:
    """The person of a Slack id, of an id of ours, or all of a name; of merged ones the one that they are."""
    return list({person.id: person for person in map(Person.root, rows_called(text))}.values())


def rows_called(text: str) -> list[Person]:
    """The same, each as it was before it was merged."""
    for each in ids_meant(text):
        if by_id := list(Person.select().where((Person.slack_id == each) | (Person.id == each))):
            return by_id
    named = list(Person.select().where(Person.name.is_null(False)).order_by(Person.added_at, Person.id))
    for name in filter(name_key, (text, without_quotes(text))):
        if called := [each for each in named if is_called(each, name)]:
            return called
    return []


def is_called(person: Person, name: str) -> bool:
    """Whether a person has this name, in whatever spelling."""
    return name_key(person.name or "") == name_key(name)


def photos_of(person_id: str) -> int:
    """In how many photos a person is tagged."""
    tagged = (Face.person == person_id) & (Face.state == State.TAGGED)
    return int(Face.select(Face.photo).where(tagged).distinct().count())


def answers_of(slack_id: str) -> int:
    """How many of a member's own answers are kept, by whichever of their accounts."""
    accounts = _accounts(Person.of_account(slack_id), slack_id)
    return int(Vote.select().where(Vote.tagger << accounts).count())


def member_never_tagged(text: str) -> str | None:
    """The Slack id that a text is, of a member of whom nothing but answers is kept; None for all else."""
    ids = filter(ACCOUNT.fullmatch, ids_meant(text))
    return next((each for each in ids if Person.of_account(each) is None and answers_of(each)), None)


def own_data(person: Person | None, slack_id: str | None) -> dict[str, Any]:
    """All that is kept of a person, ready for JSON: of one who was never tagged, what their account gave; and
    of those who are a part of them.
    """
    merged = [] if person is None else merged_into(person.id)
    return {
        "person": None if person is None else _profile(person),
        **({"merged": [_profile(each) for each in merged]} if merged else {}),
        "faces": [] if person is None else list(lines(person.id)),
        "answers": list(_answers(_accounts(person, slack_id))),
        "consents": [] if person is None else list(_consents(person.id)),
    }


def faces_waiting(person_id: str) -> int:
    """Faces that a person's yes would have learned."""
    return len(waiting_for_consent(person_id))


def _profile(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "slack_id": person.slack_id,
        "name": person.name,
        "email": person.email,
        "picture_url": person.picture_url,
        "added_at": utc(person.added_at),
        "consent": standing(person.id),
    }


def _accounts(person: Person | None, slack_id: str | None) -> list[str]:
    """Those of a person, and of those who are a part of them; and one by which they may be known alone."""
    people = [] if person is None else [person, *merged_into(person.id)]
    return sorted({each for each in (slack_id, *(one.slack_id for one in people)) if each})


def _answers(accounts: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The answers of a member about faces, the oldest first."""
    given = Vote.tagger << accounts
    for vote in Vote.select(Vote, Face).join(Face).where(given).order_by(Vote.at, Vote.face):
        yield {
            "face_id": vote.face.id,
            "answer": vote.answer,
            "name": vote.name,
            "email": vote.email,
            "at": utc(vote.at),
        }


def _consents(person_id: str) -> Iterator[dict[str, Any]]:
    asked_of = ConsentQuestion.person << list(MergedPeople.now().within(person_id))
    for question in ConsentQuestion.select().where(asked_of & ConsentQuestion.asked_at.is_null(False)):
        asked = {"said": Consent.ASKED, "at": utc(question.asked_at or 0.0), "way": "Slack"}
        yield asked | {"text": question.text.text}
    for each in ConsentStatement.of(person_id):
        yield {"said": each.said, "at": utc(each.at), "way": each.way, "text": each.words}
