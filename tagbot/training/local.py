"""The training backend on this machine: dlib describes each face as a vector, which the database keeps."""

import importlib.util
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from tagbot.errors import Reject
from tagbot.lib.health import Health
from tagbot.photos.pictures import Rectangle
from tagbot.training import ModelFace, NotSent, Refused, Trained
from tagbot.training.process_pool import Children

TIME_LIMIT = 60.0
"""Seconds for one call, as for loading the models. The longest call, 25 megapixels, takes 3."""

MODELS = ("shape_predictor_5_face_landmarks.dat", "dlib_face_recognition_resnet_model_v1.dat")
"""In the package face_recognition_models. Only these two: its 68-point model excludes commercial use."""

INSTALL = "`make venv` adds it (or: pip install --require-hashes -r requirements/all.txt)"


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
    """Faces are found and described by dlib, in processes of their own (see `children`)."""

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
        self._vectors = vectors
        self._children = Children(
            "tagbot.training.dlib_faces:Recogniser",
            count=processes or os.cpu_count() or 1,
            time_limit=time_limit,
        )

    def detect(self, picture: bytes) -> list[Rectangle]:
        """As the interface says. Faces of 40 pixels are found, in pictures over 4 megapixels those of 80."""
        faces: list[Rectangle] = self._call("detect", picture)
        return faces

    def ensure_person(self, person_id: str) -> str:
        """As the interface says: a person is what their vectors say, and needs no record here."""
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
        """As the interface says; the face is called by its own id."""
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
        """As the interface says."""
        self._vectors.delete(face_id)

    def faces(self) -> Iterator[ModelFace]:
        """As the interface says."""
        for face_id, person_ref in self._vectors.persons().items():
            yield ModelFace(face_id, face_id, person_ref)

    @property
    def problem(self) -> str | None:
        """Always None: what is missing here is noticed at the start."""
        return None

    def check(self) -> str:
        """Start a process and let it load the models."""
        version = self._call("version")
        return f"dlib {version} and its models are loaded, {self._vectors.count()} faces in the model"

    def _call(self, method: str, *arguments: object) -> Any:
        with self.health.watching(method):
            return self._children.call(method, *arguments)

    def close(self) -> None:
        """As the interface says."""
        self._children.close()


def missing() -> str | None:
    """What is not installed, and the command that adds it; nothing is imported to find out."""
    if importlib.util.find_spec("dlib") is None:
        return f"dlib, which TRAINING_BACKEND=local needs, is not installed: {INSTALL}"
    try:
        models()
    except FileNotFoundError:
        return f"the models that TRAINING_BACKEND=local needs are not installed: {INSTALL}"
    return None


def models() -> tuple[Path, ...]:
    """The files of `MODELS`; raises `FileNotFoundError`.

    Their package is found without importing it: it needs pkg_resources, which setuptools no longer has.
    """
    spec = importlib.util.find_spec("face_recognition_models")
    for folder in (spec and spec.submodule_search_locations) or ():
        files = tuple(Path(folder) / "models" / model for model in MODELS)
        if all(file.is_file() for file in files):
            return files
    raise FileNotFoundError("face_recognition_models")
