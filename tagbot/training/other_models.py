"""The models of training backends that were set before: they still hold the faces that they learned."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

from tagbot.database.models.bookkeeping import BackendCalls, Notice
from tagbot.database.models.faces import Face
from tagbot.database.models.vectors import ModelVectors
from tagbot.errors import Reject, Retry

BACKENDS = "local", "rekognition"
"""As in `TRAINING_BACKEND`."""

_LEFT = "left in "
"""How the name of a notice begins; the backend's follows, and the id of a face or of a receipt. There is room
for 64 letters.
"""

_LEFT_BEFORE = "left in the model "
"""How it began in earlier versions."""


class Model(Protocol):
    """What a face can be taken out of, whether or not it is the model of the backend that is set."""

    def remove_face(self, face_id: str, person_ref: str | None, face_ref: str, *, training_id: str) -> None:
        """As `TrainingBackend` has it."""

    def forget(self, persons: Sequence[str], face_ids: Sequence[str]) -> int:
        """As `TrainingBackend` has it."""

    def remembers(self, persons: Sequence[str], face_ids: Sequence[str]) -> bool:
        """As `TrainingBackend` has it."""


class StoredVectors(ModelVectors):
    """The model of the local backend, also where its recogniser is not installed."""

    def remove_face(
        self,
        face_id: str,
        person_ref: str | None,  # noqa: ARG002 - the interface's
        face_ref: str,  # noqa: ARG002 - as above
        *,
        training_id: str,  # noqa: ARG002 - as above
    ) -> None:
        self.delete(face_id)


class OtherModels:
    """Each by the backend's name, made when a face is to leave it."""

    def __init__(self, make: Callable[[str], Model]) -> None:
        """`make` makes the model of the backend of that name; it raises `Reject`."""
        self._make = cache(make)

    def of(self, name: str) -> Model:
        """That of a backend; raises `Reject`."""
        return self._make(name)

    def used(self) -> list[str]:
        """The backends that have ever learned a face, by all that is noted."""
        learned: Any = Face.select(Face.training_backend).where(Face.face_ref.is_null(False))
        names = {name for (name,) in learned.distinct().tuples() if name}
        made_users = BackendCalls.select().where(BackendCalls.operation == "create_user")
        return sorted(names | {"local"} | ({"rekognition"} if made_users.exists() else set()))

    def take_out(self, face: Face, *, training_id: str, now: float) -> str | None:
        """Take a face out of the model that it is in; why that could not be done, or None.

        This is not tried again: a backend that is no longer set may never answer. A notice stays.
        """
        name = str(face.training_backend)
        try:
            self._make(name).remove_face(
                face.id, face.person_ref, str(face.face_ref), training_id=training_id
            )
        except (Retry, Reject) as why:
            Notice.put(f"{_LEFT}{name} {face.id}", _left(name, face.id, why.reason), now)
            return name
        return None


def _left(name: str, face_id: str, why: str) -> str:
    return (
        f"the model of TRAINING_BACKEND={name} still holds the face {face_id}, which people said is "
        f"wrong, as it could not be taken out: set that backend for one run of `reconcile --fix`, "
        f"which does so ({why})"
    )


def leave_to_reconcile(name: str, receipt: str, now: float) -> None:
    """Tell the operator that this model, which does not answer, has faces of somebody who was forgotten."""
    Notice.put(
        f"{_LEFT}{name} {receipt}",
        f"the model of TRAINING_BACKEND={name} still holds faces of a person who was forgotten (receipt "
        f"{receipt}), as it did not answer: set that backend for one run of `reconcile --fix`, which takes "
        "them out",
        now,
    )


def held_elsewhere(backend: str) -> dict[str, int]:
    """How many faces the models of other backends than this one hold."""
    counts: dict[str, int] = {}
    for name in BACKENDS:
        if name != backend:
            in_model: Any = (Face.training_backend == name) & Face.face_ref.is_null(False)
            counts[name] = (
                ModelVectors().count() if name == "local" else Face.select().where(in_model).count()
            )
    return {name: count for name, count in counts.items() if count}


def in_words(elsewhere: Mapping[str, int]) -> Iterator[str]:
    """A sentence for each backend."""
    for name, count in elsewhere.items():
        faces = "1 face" if count == 1 else f"{count} faces"
        yield (
            f"The model of TRAINING_BACKEND={name}, which is not the one that is set, still holds {faces}. "
            "“Wrong person?” takes a face out of it."
        )


def nothing_is_left(name: str) -> None:
    """This model holds nothing that it should not."""
    for beginning in (_LEFT, _LEFT_BEFORE):
        Notice.clear_all(f"{beginning}{name} ")
