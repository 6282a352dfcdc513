"""The training backends' interface.

A backend turns the failures of what it stands on into `Retry` and `Reject`. That a picture cannot be used
is no failure but an answer: `Refused`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tagbot.lib.health import Health
from tagbot.photos.decoder import DecodedPhoto
from tagbot.photos.rectangle import Rectangle
from tagbot.recognition.resemblance import Nearness, Resemblance
from tagbot.vocabulary import NotSentReason, RejectionReason


@dataclass(frozen=True, slots=True)
class Trained:
    """The face is in the model."""

    face_ref: str
    """How the backend calls it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The picture cannot be used."""

    reason: RejectionReason


@dataclass(frozen=True, slots=True)
class NotSent:
    """The face is nobody's in the model, and nothing is left of it there; people's tag stands all the
    same.
    """

    reason: NotSentReason


@dataclass(frozen=True, slots=True)
class ModelFace:
    """A face in the model, as the backend lists it."""

    face_ref: str
    face_id: str
    """Empty where the backend knows none."""
    person_ref: str | None
    """None where it is nobody's."""


class TrainingBackend(Protocol):
    """Learns faces. All methods may be called from any thread, and again after a crash."""

    @property
    def name(self) -> str:
        """As in `TRAINING_BACKEND`."""

    def detect(self, photo: DecodedPhoto) -> list[Rectangle]:
        """The faces in a photo, largest first; none is no error."""

    def ensure_person(self, person_id: str) -> str:
        """Make the person known to the model; how the backend calls them."""

    def add_face(
        self, face_id: str, person_ref: str, crop: bytes, *, training_id: str, anyway: bool = False
    ) -> Trained | Refused | NotSent:
        """Add the one face in `crop` (a JPEG) to the model, as that person's.

        Repeating a call adds nothing twice. `training_id` names this training of the face: a second training
        (after the face left the model) has another. With `anyway`, the machine's own opinion does not count.
        """

    def remove_face(self, face_id: str, person_ref: str | None, face_ref: str, *, training_id: str) -> None:
        """Take a face out of the model; no error when it is not there.

        `person_ref` is None where it is nobody's; `training_id` names the training that is undone.
        """

    def hand_over(
        self, face_id: str, face_ref: str, old: str, new: str, *, training_id: str
    ) -> Trained | NotSent | None:
        """Have a learned face be another person's, whatever the machine thinks; None where the model has no
        such face. `old` and `new` are how the backend calls the two.

        Repeating a call is harmless, also one that was begun for others; each has another `training_id`.
        """

    def forget(self, persons: Sequence[str], face_ids: Sequence[str]) -> int:
        """Take people out of the model, by our ids, with all their faces, and with these; how many faces. An
        earlier call that a crash cut off is completed.
        """

    def remembers(self, persons: Sequence[str], face_ids: Sequence[str]) -> bool:
        """Whether anything of them is in the model."""

    def describe_anew(self, crop: Callable[[str], bytes], now: float) -> None:
        """Describe some of the faces anew that an earlier model described. `crop` gives a face's crop; the
        operator is told how many are left.
        """

    def faces(self) -> Iterator[ModelFace]:
        """Every face in the model."""

    @property
    def search(self) -> "FaceSearch | None":
        """How it compares faces by itself; None where vectors are compared on this machine."""

    @property
    def health(self) -> Health:
        """How its calls go."""

    @property
    def problem(self) -> str | None:
        """For the operator to mend or to know, None when all is well as far as the backend knows."""

    def check(self) -> str:
        """Try the backend and say in a few words what answered.

        Raises `Retry` or `Reject` saying what to mend.
        """

    def close(self) -> None:
        """Let go of processes and connections."""


class FaceSearch(Protocol):
    """A model that compares faces by itself. Vectors on this machine need none: they are compared here."""

    @property
    def nearness(self) -> Nearness:
        """How to read the distances that `resembling` gives."""

    def resembling(self, crop: bytes, most: int) -> list[Resemblance]:
        """The people nearest to the one face in a crop (a JPEG), the nearest first: so many at most, and as
        many as the model knows, however far they are. None where the picture cannot be used.

        One call for each request: `crop` is the clearest of its faces.
        """
