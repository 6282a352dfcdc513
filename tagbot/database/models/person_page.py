"""All that somebody's page shows of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import JOIN

from tagbot.database.models.faces import Face
from tagbot.database.models.kept import KnownPerson, known_person, photos_of
from tagbot.database.models.merges import merged_into
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.vocabulary import State


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A person, with some of the faces in which they are tagged."""

    known: KnownPerson
    photos: int
    """In which they are tagged."""
    faces: Sequence[Face]
    """Those of this part of the page with their requests, the newest first."""
    part: int
    """Which it is, from 0 on."""
    parts: int
    merged: Sequence[Person]
    """Those who were merged into them, the latest first."""


def people_count() -> int:
    """How many people are known."""
    return int(Person.select().where(Person.merged_into.is_null()).count())


def person_page(person_id: str, part: int, most: int) -> PersonPage | None:
    """A part of a person's page with so many faces at most, the last one where there are fewer parts by now;
    None where the person is not there any more.
    """
    person = Person.with_own_id(person_id)
    if person is None:
        return None
    person = person.root()
    known = known_person(person)
    parts = max(1, -(-known.faces // most))
    part = min(max(part, 0), parts - 1)
    tagged: Any = (Face.person == person.id) & (Face.state == State.TAGGED)
    query = Face.select(Face, Request).join(Request, JOIN.LEFT_OUTER).where(tagged)
    newest = query.order_by(Face.tagged_at.desc(), Face.id).offset(part * most).limit(most)
    return PersonPage(known, photos_of(person.id), list(newest), part, parts, merged_into(person.id))
