"""The faces that wait for a place, as what chooses among them needs them."""

from collections.abc import Collection, Iterator
from typing import Any

from peewee import JOIN

from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.vocabulary import State

LARGE = 64
"""Pixels on either side, from which on a face is not asked about last for being small."""

SHARP = 0.5
"""As `tagbot.recognition.sharpness` measures it: less is a little blurred. One portrait in ten is."""


def is_poor(width: int, height: int, sharpness: float | None) -> bool:
    """Whether a face is small or a little blurred, and so asked about last."""
    return min(width, height) < LARGE or (sharpness is not None and sharpness < SHARP)


class StoredFaces:
    """Faces without a message that is to ask for them, and without a request that another face's asks."""

    def count(self) -> int:
        """How many there are, without looking at each."""
        with_message = (Face.state == State.WAITING) & Face.pending.is_null(False)
        carried = Face.request << Face.select(Face.request).where(with_message & Face.request.is_null(False))
        # All faces of a request wait until it is posted: to ask for their state would look at all that wait.
        beside = Face.select().where(carried & Face.pending.is_null())
        return Face.counts()[State.WAITING] - Face.select().where(with_message).count() - beside.count()

    def ids(self) -> set[str]:
        """Of all of them."""
        rows: Any = Face.select(Face.id).where(_waits()).tuples()
        return {face_id for (face_id,) in rows}

    def read(self, ids: Collection[str]) -> Iterator[tuple[str, str, float, bool, str | None, bytes | None]]:
        """Those of these that wait: id, photo, when it was stored, whether it is small or a little blurred,
        and model and vector, if there is one.
        """
        seen = (Face.width, Face.height, Face.sharpness)
        columns = (Face.id, Face.photo, Face.stored_at, *seen, FaceVector.model, FaceVector.vector)
        query = Face.select(*columns).join(FaceVector, JOIN.LEFT_OUTER)
        rows: Any = query.where((Face.state == State.WAITING) & (Face.id << list(ids))).tuples()
        for face_id, photo, stored_at, *size, model, vector in rows:
            yield face_id, photo, stored_at, is_poor(*size), model, None if vector is None else bytes(vector)


def _waits() -> Any:
    return (Face.state == State.WAITING) & Face.pending.is_null() & Face.request.is_null()
