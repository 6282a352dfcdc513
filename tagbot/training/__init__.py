"""Training backends: the interface that each of them keeps.

A backend turns the failures of what it stands on into `Retry` and `Reject`. That a picture cannot be used
is no failure but an answer: `Refused`.
"""

from dataclasses import dataclass
from typing import Protocol

from tagbot.pictures import Rectangle

NO_FACE = "no_face"
TOO_BLURRED = "too_blurred"
NOT_AN_IMAGE = "not_an_image"


@dataclass(frozen=True, slots=True)
class Trained:
    """The face is in the model."""

    face_ref: str
    """How the backend calls it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The picture cannot be used."""

    reason: str
    """`NO_FACE`, `TOO_BLURRED` …"""


class TrainingBackend(Protocol):
    """What learns faces. All methods may be called from any thread, and again after a crash."""

    @property
    def name(self) -> str:
        """As in `TRAINING_BACKEND`."""

    def detect(self, picture: bytes) -> list[Rectangle]:
        """The faces in a JPEG, largest first, in pixels of that picture; none is no error."""

    def ensure_person(self, person_id: str) -> str:
        """Make the person known to the model; how the backend calls them."""

    def add_face(self, face_id: str, person_ref: str, crop: bytes, *, training_id: str) -> Trained | Refused:
        """Add the one face in `crop` (a JPEG) to the model, as that person's.

        Repeating a call adds nothing twice. `training_id` names this training of the face: a second training
        (after the face left the model) has another.
        """

    def remove_face(self, face_id: str, person_ref: str, face_ref: str) -> None:
        """Take a face out of the model; no error when it is not there."""

    def check(self) -> str:
        """Try the backend and say in a few words what answered.

        Raises `Retry` or `Reject` saying what to mend.
        """

    def close(self) -> None:
        """Let go of processes and connections."""
