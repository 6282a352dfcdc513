"""Looking people up by what somebody types of their name or address."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from peewee import fn

from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.lib.names import search_key
from tagbot.vocabulary import State

COLUMNS = (Person.id, Person.slack_id, Person.name, Person.email)


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """A person, as a list of people shows them."""

    id: str
    slack_id: str | None
    name: str | None
    """None until it is known."""
    email: str | None
    faces: int = 0
    """In which they are tagged."""


def people_like(
    typed: str, most: int, *, with_account: bool = True, without: Collection[str] = ()
) -> list[FoundPerson]:
    """The people in whose name or address all typed words occur, names that begin with them first; all for
    nothing typed. People of the ids in `without` are left out; of merged ones it is the one that they are.
    """
    asked = Person.select(*COLUMNS).where(Person.merged_into.is_null())
    if not with_account:
        asked = asked.where(Person.slack_id.is_null() & Person.name.is_null(False))
    words = search_key(typed).split()
    rows: Any = asked.tuples()
    found: list[tuple[tuple[object, ...], FoundPerson]] = []
    for row in rows:
        person = FoundPerson(*row)
        key = search_key(person.name or person.slack_id or "")
        text = f"{key} {(person.email or '').casefold()} {(person.slack_id or '').casefold()}"
        if person.id not in without and all(word in text for word in words):
            begins = key.startswith(" ".join(words))
            found.append(((not begins, key, person.id), person))
    found.sort(key=lambda each: each[0])
    return _with_faces([person for _, person in found[:most]])


def people_of(ids: Collection[str]) -> list[FoundPerson]:
    """The people of these ids, as far as they are there."""
    asked: Any = Person.select(*COLUMNS).where(Person.id << list(ids)).tuples() if ids else ()
    return _with_faces([FoundPerson(*row) for row in asked])


def _with_faces(people: list[FoundPerson]) -> list[FoundPerson]:
    tagged = (Face.person << [each.id for each in people]) & (Face.state == State.TAGGED)
    counted: Any = Face.select(Face.person, fn.COUNT(Face.id)).where(tagged).group_by(Face.person).tuples()
    faces = dict(counted) if people else {}
    return [replace(each, faces=faces.get(each.id, 0)) for each in people]
