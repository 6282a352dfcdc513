"""Faces that people told apart. No later comparison changes what they said."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

from peewee import CompositeKey, ForeignKeyField

from tagbot.database.models.base import Table
from tagbot.database.models.faces import Face
from tagbot.database.models.rounds import PastRound


class DifferentPeople(Table):
    """Two faces that somebody told apart. Each pair is there once, the lower id first."""

    face = ForeignKeyField(Face, index=False)  # the primary key begins with it
    other = ForeignKeyField(Face)

    class Meta:
        primary_key = CompositeKey("face", "other")

    @classmethod
    def note(cls, pairs: Iterable[tuple[str, str]]) -> None:
        """Remember that the faces of each pair are different people's. Again is the same."""
        rows = [{"face": min(pair), "other": max(pair)} for pair in pairs]
        if rows:
            cls.insert_many(rows).on_conflict_ignore().execute()

    @classmethod
    def told_apart(cls, face_ids: Sequence[str]) -> set[frozenset[str]]:
        """The pairs among these faces that people told apart."""
        rows: Any = cls.select(cls.face, cls.other).where((cls.face << face_ids) & (cls.other << face_ids))
        return {frozenset(pair) for pair in rows.tuples()}


def struck_out_pairs(odd: Sequence[str], rest: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The pairs that are told apart when some faces are struck out of a request. To strike out all says that
    no two of them are the same.
    """
    if rest:
        yield from ((one, other) for one in odd for other in rest)
    else:
        yield from combinations(odd, 2)


def who_may_share(faces: Sequence[Face]) -> list[Face]:
    """Those of these faces that may share a request with the first: no two of one photo, nor two that people
    told apart, by striking one out or by tagging them as different people.
    """
    ids = [face.id for face in faces]
    apart = DifferentPeople.told_apart(ids)
    tagged_as = PastRound.people_of(ids)

    def are_different(one: Face, other: Face) -> bool:
        names = tagged_as.get(one.id), tagged_as.get(other.id)
        tagged_apart = all(names) and len(set().union(*filter(None, names))) > 1
        return one.photo_id == other.photo_id or frozenset((one.id, other.id)) in apart or tagged_apart

    chosen: list[Face] = []
    for face in faces:
        if not any(are_different(face, other) for other in chosen):
            chosen.append(face)
    return chosen
