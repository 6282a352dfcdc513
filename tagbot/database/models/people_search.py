"""Looking people up by what somebody types of their name or address."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Self

from peewee import fn

from tagbot.database.models.faces import Face
from tagbot.database.models.merged_people import MergedPeople
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
    found_by: str = ""
    """The name or account of one who was merged into them, where only that one fits what was typed."""

    @property
    def is_named_alone(self) -> bool:
        """Whether it is somebody without an account, whose name people gave."""
        return self.slack_id is None and self.name is not None

    @property
    def search_text(self) -> str:
        """In which typed words are looked for; it begins with the name."""
        account = (self.slack_id or "").casefold()
        return f"{search_key(self.name or account)} {search_key(self.email or '')} {account}"

    def as_found_by(self, part: Self) -> Self:
        """The same, found by one who was merged into them."""
        return replace(self, found_by=part.name or part.slack_id or part.id)


def people_like(
    typed: str, most: int, *, with_account: bool = True, without: Collection[str] = ()
) -> list[FoundPerson]:
    """The people in whose name or address all typed words occur, names that begin with them first; all for
    nothing typed. People of the ids in `without` are left out. Those who were merged lead to the one that
    they are, who is found once.
    """
    words, merged = search_key(typed).split(), MergedPeople.now()
    everybody: Any = Person.select(*COLUMNS).tuples()
    people = {row[0]: FoundPerson(*row) for row in everybody}
    found: dict[str, tuple[tuple[object, ...], FoundPerson]] = {}
    for each in people.values():
        whole = people.get(merged.root(each.id))
        if whole is None or whole.id in without or not (with_account or whole.is_named_alone):
            continue
        if not all(word in each.search_text for word in words):
            continue
        is_part = each.id != whole.id
        order = (is_part, not each.search_text.startswith(" ".join(words)), whole.search_text, whole.id)
        one = (order, whole.as_found_by(each) if is_part else whole)
        found[whole.id] = min(found.get(whole.id, one), one, key=lambda each: each[0])
    by_name = sorted(found.values(), key=lambda each: each[0][1:])
    return _with_faces([person for _, person in by_name[:most]])


def people_of(ids: Collection[str]) -> list[FoundPerson]:
    """The people of these ids, as far as they are there."""
    asked: Any = Person.select(*COLUMNS).where(Person.id << list(ids)).tuples() if ids else ()
    return _with_faces([FoundPerson(*row) for row in asked])


def _with_faces(people: list[FoundPerson]) -> list[FoundPerson]:
    tagged = (Face.person << [each.id for each in people]) & (Face.state == State.TAGGED)
    counted: Any = Face.select(Face.person, fn.COUNT(Face.id)).where(tagged).group_by(Face.person).tuples()
    faces = dict(counted) if people else {}
    return [replace(each, faces=faces.get(each.id, 0)) for each in people]
