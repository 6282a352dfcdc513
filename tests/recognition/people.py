"""Vectors of made-up people: one person's are near each other, two people's are not."""

import numpy as np

from tagbot.recognition.description import Description
from tagbot.recognition.groups import WaitingFace
from tagbot.recognition.resemblance import Nearness
from tagbot.recognition.thresholds import Near, Thresholds

MODEL = "made-up"

THRESHOLDS = Thresholds(
    MODEL,
    16,
    near=(Near(40, 0.5), Near(1000, 0.45)),
    nearness=Nearness(resembles=0.6, sure=0.5, margin=0.1),
)


def described(numbers: np.typing.ArrayLike, model: str = MODEL) -> Description:
    return Description(model, np.asarray(numbers, "<f4").tobytes())


def vectors(person: int, count: int, spread: float = 0.2) -> list[Description]:
    """So many faces of one person, about `spread` apart; people are about 1.4 apart."""
    chance = np.random.default_rng(person)
    middle = chance.standard_normal(16)
    middle /= np.linalg.norm(middle)
    return [described(middle + chance.standard_normal(16) * spread / 32**0.5) for _ in range(count)]


def waiting(face_id: str, vector: Description | None = None, **others: object) -> WaitingFace:
    """In a photo of its own, unless told."""
    about: dict[str, object] = {"photo": f"photo of {face_id}", "stored_at": 1000.0, **others}
    return WaitingFace(face_id, vector=vector, **about)  # type: ignore[arg-type]  # they are its fields


def album(people: int, each: int) -> list[WaitingFace]:
    """Faces `0-0`, `0-1`, …: the person's number, and the face's."""
    return [
        waiting(f"{person}-{number}", vector)
        for person in range(people)
        for number, vector in enumerate(vectors(person, each))
    ]
