"""The local training backend's vectors."""

from typing import Any

from peewee import BlobField, CharField

from tagbot.database.models.base import Table
from tagbot.database.write_lock import writing


class TrainedVector(Table):
    """A face that the local training backend learned: its 128 numbers."""

    face_id = CharField(36, primary_key=True)
    person_ref = CharField(36, index=True)
    vector = BlobField()


class ModelVectors:
    """Keeps the local backend's vectors in the database."""

    def put(self, face_id: str, person_ref: str, vector: bytes) -> None:
        """Store a face's vector, in place of an earlier one."""
        with writing():
            TrainedVector.insert(face_id=face_id, person_ref=person_ref, vector=vector).on_conflict(
                conflict_target=[TrainedVector.face_id],
                preserve=[TrainedVector.person_ref, TrainedVector.vector],
            ).execute()

    def delete(self, face_id: str) -> None:
        """Forget a face; no error when it is not here."""
        with writing():
            TrainedVector.delete().where(TrainedVector.face_id == face_id).execute()

    def persons(self) -> dict[str, str]:
        """The person by face."""
        rows: Any = TrainedVector.select(TrainedVector.face_id, TrainedVector.person_ref).tuples()
        return dict(rows)

    def count(self) -> int:
        """How many faces the local model knows."""
        return TrainedVector.select().count()
