"""The training backend on this machine: a recogniser describes each face as a vector, which the database
keeps.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from tagbot.database.models.bookkeeping import Notice
from tagbot.errors import Reject
from tagbot.lib.health import Health
from tagbot.lib.process_pool import ProcessPool
from tagbot.photos.decoder import DecodedPhoto
from tagbot.photos.rectangle import Rectangle
from tagbot.recognition.description import Description
from tagbot.recognition.model_files import RESNET, missing
from tagbot.training.backend import ModelFace, NotSent, Refused, Trained
from tagbot.vocabulary import RejectionReason

RECOGNISER = "tagbot.recognition.recogniser:Recogniser"
"""Made in its processes alone, where its libraries are imported."""

TIME_LIMIT = 60.0
"""Seconds by the clock for one call, as for loading the models. Whatever a photo holds, to search it takes
less than one of processor time.
"""


def recogniser_processes(
    models: Path, *, processes: int | None = None, time_limit: float = TIME_LIMIT
) -> ProcessPool:
    """Raises `Reject` when a library or a model is not installed; nothing starts yet.

    `models` is the folder of models.
    There is a process for each core and one more unless told, as one of them waits for the disk; each starts
    when it is needed, and takes up to 500 MB.
    """
    if problem := missing(models):
        raise Reject(problem)
    count = processes or (os.cpu_count() or 1) + 1
    return ProcessPool(RECOGNISER, str(models), name="the recogniser", count=count, time_limit=time_limit)


def recogniser_if_installed(models: Path) -> ProcessPool | None:
    """The same for a bot that can do without: None where something is not installed."""
    return recogniser_processes(models) if missing(models) is None else None


ANEW_AT_ONCE = 20
"""Faces that are described anew before other timed jobs have their turn: it takes a few seconds."""

DESCRIBED_ANEW = "described-anew"


class Vectors(Protocol):
    """Where the vectors of the trained faces are kept."""

    def put(self, face_id: str, person_ref: str, vector: bytes, model: str) -> None:
        """Keep a face's vector, in place of the one that it has, and which model made it."""

    def replace(self, face_id: str, vector: bytes, model: str) -> None:
        """Keep another vector of a face, if the face has one."""

    def made_by_others(self, model: str) -> Sequence[str]:
        """The faces whose vectors another model made, in the order of their ids."""

    def hand_over(self, face_id: str, person_ref: str) -> bool:
        """Have a face's vector be another person's; whether the face has one."""

    def delete(self, face_id: str) -> None:
        """Forget a face's vector; no error when there is none."""

    def forget(self, persons: Sequence[str], face_ids: Sequence[str]) -> int:
        """Forget all vectors of people, and of faces; how many."""

    def remembers(self, persons: Sequence[str], face_ids: Sequence[str]) -> bool:
        """Whether there is any vector of them."""

    def persons(self) -> Mapping[str, str]:
        """The person by face."""

    def count(self) -> int:
        """How many there are."""


class LocalBackend:
    """The recogniser finds and describes faces in processes of its own; the model is its vectors."""

    name = "local"
    search = None

    def __init__(
        self,
        vectors: Vectors,
        pool: ProcessPool,
        model: str = RESNET.name,
        *,
        seen: Callable[[str], tuple[str, bytes] | None] = lambda _: None,
    ) -> None:
        """`pool` has the recogniser's processes, which find faces and describe them by that model. `seen`
        gives model and vector of a face, by its id, that was described before it is learned.
        """
        self.health = Health()
        self.problem = None  # a part that is missing here is noticed at the start
        self._vectors = vectors
        self._pool = pool
        self._model = model
        self._seen = seen
        self._described_anew = ""
        """Up to this face, those of another model had their turn."""

    def detect(self, photo: DecodedPhoto) -> list[Rectangle]:
        with self.health.watching("detect"):
            return photo.faces()

    def ensure_person(self, person_id: str) -> str:
        """A person is what their vectors say, and needs no record here."""
        return person_id

    def add_face(
        self,
        face_id: str,
        person_ref: str,
        crop: bytes,
        *,
        training_id: str,  # noqa: ARG002 - a vector that is put twice is one vector
        anyway: bool = False,  # noqa: ARG002 - this machine never differs
    ) -> Trained | Refused | NotSent:
        """The face is called by its own id."""
        before = self._seen(face_id)
        described: Description | RejectionReason = (
            Description(*before) if before else self._call("describe", crop)
        )
        if isinstance(described, RejectionReason):
            return Refused(described)
        self._vectors.put(face_id, person_ref, described.vector, described.model)
        return Trained(face_id)

    def remove_face(
        self,
        face_id: str,
        person_ref: str | None,  # noqa: ARG002 - one id is enough
        face_ref: str,  # noqa: ARG002 - as above
        *,
        training_id: str,  # noqa: ARG002 - as above
    ) -> None:
        self._vectors.delete(face_id)

    def hand_over(
        self,
        face_id: str,
        face_ref: str,  # noqa: ARG002 - one id is enough
        old: str,  # noqa: ARG002 - as above
        new: str,
        *,
        training_id: str,  # noqa: ARG002 - as above
    ) -> Trained | NotSent | None:
        return Trained(face_id) if self._vectors.hand_over(face_id, new) else None

    def faces(self) -> Iterator[ModelFace]:
        for face_id, person_ref in self._vectors.persons().items():
            yield ModelFace(face_id, face_id, person_ref)

    def forget(self, persons: Sequence[str], face_ids: Sequence[str]) -> int:
        return self._vectors.forget(persons, face_ids)

    def remembers(self, persons: Sequence[str], face_ids: Sequence[str]) -> bool:
        return self._vectors.remembers(persons, face_ids)

    def describe_anew(self, crop: Callable[[str], bytes], now: float) -> None:
        others = self._vectors.made_by_others(self._model)
        for face_id in [each for each in others if each > self._described_anew][:ANEW_AT_ONCE]:
            with suppress(Reject):  # its crop is lost: it stays as it is, compared with no other
                described: Description | RejectionReason = self._call("describe", crop(face_id))
                if isinstance(described, Description):
                    self._vectors.replace(face_id, described.vector, described.model)
            self._described_anew = face_id
        if left := len(self._vectors.made_by_others(self._model)):
            faces = "1 learned face was" if left == 1 else f"{left} learned faces were"
            text = f"{faces} described by another model, to be described anew from the stored crops"
            Notice.put(DESCRIBED_ANEW, text, now)
        elif others:
            Notice.clear(DESCRIBED_ANEW)

    def check(self) -> str:
        """Start a process and let it load the models."""
        return f"{self._call('version')}, {self._vectors.count()} faces in the model"

    def close(self) -> None:
        self._pool.close()

    def _call(self, method: str, *arguments: object) -> Any:
        with self.health.watching(method):
            return self._pool.call(method, *arguments)
