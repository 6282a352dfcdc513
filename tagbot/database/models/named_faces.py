"""Names that other programs gave to faces: by them a person may be among the offered, and nothing else.

They never count as votes. A keyed hash of each name is kept until the face is asked about, and no more.
"""

from collections.abc import Iterable, Sequence

from peewee import CharField, CompositeKey, ForeignKeyField

from tagbot.database.models.base import Table
from tagbot.database.models.faces import Face
from tagbot.database.models.merged_people import MergedPeople
from tagbot.database.models.people import Person
from tagbot.database.write_lock import writing
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.lib.names import name_key


class NamedFace(Table):
    """A name that a face, or its whole photo, came with."""

    face = ForeignKeyField(Face, index=False, on_delete="CASCADE")  # the primary key begins with it
    name = CharField(64, index=True)
    """The keyed hash of the name's `name_key`."""

    class Meta:
        primary_key = CompositeKey("face", "name")

    @classmethod
    def note(cls, names: Iterable[tuple[str, str]], key: KeyedHash) -> None:
        """Keep the names of faces, each with its face's id, until the faces are asked about."""
        for face_id, name in names:
            if hashed := hashed_name(name, key):
                cls.insert(face=face_id, name=hashed).on_conflict_ignore().execute()

    @classmethod
    def people(cls, faces: Sequence[Face], key: KeyedHash) -> list[str]:
        """The ids of the people who are known by one of the faces' names."""
        names = {each.name for each in cls.select(cls.name).where(cls.face << list(faces))}
        if not names:
            return []
        known = Person.select(Person.id, Person.name).where(Person.name.is_null(False))
        found = [person.id for person in known if hashed_name(person.name or "", key) in names]
        return MergedPeople.now().roots(found)

    @classmethod
    def served(cls, faces: Sequence[Face]) -> None:
        """The faces are asked about: what was kept of their names goes."""
        with writing():
            cls.delete().where(cls.face << list(faces)).execute()

    @classmethod
    def forget(cls, name: str, key: KeyedHash) -> None:
        """Let go of a name, whose person is forgotten."""
        with writing():
            cls.delete().where(cls.name == hashed_name(name, key)).execute()


def hashed_name(name: str, key: KeyedHash) -> str:
    """The same for all spellings of a name; empty for one in which nothing can be seen."""
    seen = name_key(name)
    return key.of(f"name:{seen}") if seen else ""
