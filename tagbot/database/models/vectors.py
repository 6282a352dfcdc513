"""The local training backend's vectors."""

from collections.abc import Iterator, Sequence
from typing import Any

from peewee import BlobField, CharField, IntegerField, fn

from tagbot.database.models.base import Table
from tagbot.database.write_lock import writing

FIRST_MODEL = "dlib-resnet"
"""That made the vectors of the versions before, which did not say."""


class TrainedVector(Table):
    """A face that the local training backend learned, in numbers."""

    face_id = CharField(36, primary_key=True)
    person_ref = CharField(36, index=True)
    vector = BlobField()
    model = CharField(64, index=True, default=FIRST_MODEL)
    """That made the vector. Vectors of two models are never compared."""
    revision = IntegerField(default=0, index=True)
    """Higher with each change than all others were."""


class ModelVectors:
    """Keeps the local backend's vectors in the database."""

    def put(self, face_id: str, person_ref: str, vector: bytes, model: str) -> None:
        """Store a face's vector, in place of an earlier one."""
        with writing():
            row = {
                "face_id": face_id,
                "person_ref": person_ref,
                "vector": vector,
                "model": model,
                "revision": _next_revision(),
            }
            TrainedVector.insert(row).on_conflict(
                conflict_target=[TrainedVector.face_id],
                preserve=[
                    TrainedVector.person_ref,
                    TrainedVector.vector,
                    TrainedVector.model,
                    TrainedVector.revision,
                ],
            ).execute()

    def hand_over(self, face_id: str, person_ref: str) -> bool:
        """Have a face be another person's; whether it is here."""
        with writing():
            changes = {"person_ref": person_ref, "revision": _next_revision()}
            changed: int = TrainedVector.update(changes).where(TrainedVector.face_id == face_id).execute()
        return changed == 1

    def delete(self, face_id: str) -> None:
        """Forget a face; no error when it is not here."""
        with writing():
            TrainedVector.delete().where(TrainedVector.face_id == face_id).execute()

    def forget(self, persons: Sequence[str], face_ids: Sequence[str]) -> int:
        """Forget all vectors of people, and of faces; how many."""
        with writing():
            gone: int = TrainedVector.delete().where(_of(persons, face_ids)).execute()
        return gone

    def remembers(self, persons: Sequence[str], face_ids: Sequence[str]) -> bool:
        """Whether there is any vector of them."""
        return bool(TrainedVector.select().where(_of(persons, face_ids)).exists())

    def persons(self) -> dict[str, str]:
        """The person by face."""
        rows: Any = TrainedVector.select(TrainedVector.face_id, TrainedVector.person_ref).tuples()
        return dict(rows)

    def since(self, number: int) -> Iterator[tuple[str, str, str, bytes, int]]:
        """Faces that were learned or changed after that number: id, person, model, vector and its own."""
        columns = (
            TrainedVector.face_id,
            TrainedVector.person_ref,
            TrainedVector.model,
            TrainedVector.vector,
            TrainedVector.revision,
        )
        rows: Any = TrainedVector.select(*columns).where(TrainedVector.revision > number)
        for face_id, person, model, vector, revision in rows.tuples():
            yield face_id, person, model, bytes(vector), revision

    def replace(self, face_id: str, vector: bytes, model: str) -> None:
        """Store another vector of a face, if the face is still here."""
        with writing():
            changes = {"vector": vector, "model": model, "revision": _next_revision()}
            TrainedVector.update(changes).where(TrainedVector.face_id == face_id).execute()

    def made_by_others(self, model: str) -> list[str]:
        """The faces whose vectors another model than this one made, in the order of their ids."""
        rows = TrainedVector.select(TrainedVector.face_id).where(TrainedVector.model != model)
        return [row.face_id for row in rows.order_by(TrainedVector.face_id)]

    def count(self) -> int:
        """How many faces the local model knows."""
        return TrainedVector.select().count()


def _of(persons: Sequence[str], face_ids: Sequence[str]) -> Any:
    return (TrainedVector.person_ref << list(persons)) | (TrainedVector.face_id << list(face_ids))


def _next_revision() -> int:
    """Inside of a transaction that writes: no other one takes the same."""
    last: int | None = TrainedVector.select(fn.MAX(TrainedVector.revision)).scalar()
    return (last or 0) + 1
