"""Vectors of faces that are not learned: of those that wait, are asked about or are on their way to the
model.
"""

from collections.abc import Sequence
from typing import Any, Self

from peewee import BlobField, CharField, ForeignKeyField

from tagbot.database.models.base import Table
from tagbot.database.models.faces import Face
from tagbot.database.models.vectors import TrainedVector
from tagbot.database.write_lock import writing
from tagbot.vocabulary import State


class FaceVector(Table):
    """What the machine sees in a face, until the face is closed: with it faces are compared with each other
    and with the model. A learned face has its vector in `TrainedVector`.
    """

    face = ForeignKeyField(Face, primary_key=True, backref="vectors")
    face_id: str
    model = CharField(64)
    """That made the vector. Vectors of two models are never compared."""
    vector = BlobField()

    @classmethod
    def keep(cls, face_id: str, round: int, model: str, vector: bytes) -> bool:  # noqa: A002 - the glossary's word
        """Store the vector of a face that waits or is asked about, in place of an earlier one; whether it
        still does.
        """
        with writing():
            not_closed = Face.state << (State.WAITING, State.OPEN)
            of_round = (Face.id == face_id) & (Face.round == round)
            if not Face.select().where(of_round & not_closed).exists():
                return False
            cls.insert(face=face_id, model=model, vector=vector).on_conflict(
                conflict_target=[cls.face], preserve=[cls.model, cls.vector]
            ).execute()
            return True

    @classmethod
    def keep_learned(cls, face_id: str) -> None:
        """The vector of a face that is about to leave the model and be asked about again."""
        learned: Any = TrainedVector.select(
            TrainedVector.face_id, TrainedVector.model, TrainedVector.vector
        ).where(TrainedVector.face_id == face_id)
        with writing():
            cls.insert_from(learned, [cls.face, cls.model, cls.vector]).on_conflict_ignore().execute()

    @classmethod
    def of(cls, face_id: str) -> Self | None:
        """That of a face; None where it has none."""
        kept: Self | None = cls.get_or_none(cls.face == face_id)
        return kept

    @classmethod
    def model_and_vector(cls, face_id: str) -> tuple[str, bytes] | None:
        """Those of a face; None where it has none."""
        return next(iter(cls.of_each([face_id])), None)

    @classmethod
    def of_each(cls, face_ids: Sequence[str]) -> list[tuple[str, bytes]]:
        """Model and vector of those of these faces that have one, in this order."""
        kept = {each.face_id: each for each in cls.select().where(cls.face << face_ids)}
        return [(each.model, bytes(each.vector)) for each in map(kept.get, face_ids) if each]

    @classmethod
    def sweep(cls, *, all_of_them: bool) -> None:
        """Forget those of faces that are closed, or all."""
        closed = Face.select(Face.id).where(Face.state << (State.TAGGED, State.REJECTED))
        with writing():
            cls.delete().where(True if all_of_them else cls.face << closed).execute()

    @classmethod
    def forget(cls, face_id: str) -> None:
        """The face is closed; no error where it had none."""
        cls.delete().where(cls.face == face_id).execute()
