"""The training backend on this machine: a recogniser describes each face as a vector, which the database
keeps.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from tagbot.errors import Reject
from tagbot.lib.health import Health
from tagbot.lib.process_pool import ProcessPool
from tagbot.photos.rectangle import Rectangle
from tagbot.recognition.model_files import missing
from tagbot.training.backend import ModelFace, NotSent, Refused, Trained

RECOGNISER = "tagbot.training.dlib_faces:Recogniser"
"""Has `detect`, `describe` and `version`; imported in its processes alone."""

TIME_LIMIT = 60.0
"""Seconds for one call, as for loading the models. The longest call, 25 megapixels, takes 3."""


class Vectors(Protocol):
    """Where the vectors of the trained faces are kept."""

    def put(self, face_id: str, person_ref: str, vector: bytes) -> None:
        """Keep a face's vector, in place of the one that it has."""

    def delete(self, face_id: str) -> None:
        """Forget a face's vector; no error when there is none."""

    def persons(self) -> Mapping[str, str]:
        """The person by face."""

    def count(self) -> int:
        """How many there are."""


class LocalBackend:
    """The recogniser finds and describes faces in processes of its own; the model is its vectors."""

    name = "local"

    def __init__(
        self, vectors: Vectors, *, processes: int | None = None, time_limit: float = TIME_LIMIT
    ) -> None:
        """Raises `Reject` when dlib or its models are not installed; nothing starts yet.

        There are as many `processes` as cores unless told; each starts when it is needed, and takes 100 MB,
        with the largest photos 470 MB.
        """
        if problem := missing():
            raise Reject(problem)
        self.health = Health()
        self.problem = None  # a part that is missing here is noticed at the start
        self._vectors = vectors
        self._pool = ProcessPool(
            RECOGNISER,
            name="the face recogniser",
            count=processes or os.cpu_count() or 1,
            time_limit=time_limit,
        )

    def detect(self, picture: bytes) -> list[Rectangle]:
        """Faces of 40 pixels are found, in pictures over 4 megapixels those of 80."""
        faces: list[Rectangle] = self._call("detect", picture)
        return faces

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
        described: bytes | Refused = self._call("describe", crop)
        if isinstance(described, Refused):
            return described
        self._vectors.put(face_id, person_ref, described)
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

    def faces(self) -> Iterator[ModelFace]:
        for face_id, person_ref in self._vectors.persons().items():
            yield ModelFace(face_id, face_id, person_ref)

    def check(self) -> str:
        """Start a process and let it load the models."""
        return (
            f"{self._call('version')} and its models are loaded, {self._vectors.count()} faces in the model"
        )

    def close(self) -> None:
        self._pool.close()

    def _call(self, method: str, *arguments: object) -> Any:
        with self.health.watching(method):
            return self._pool.call(method, *arguments)
