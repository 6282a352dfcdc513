"""The interface of a model that describes a face as a vector: another one has its place here."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tagbot.recognition.detection import Detection, Pixels

Vector = NDArray[np.float32]


class Encoder(Protocol):
    """Describes faces; one thread may use it."""

    @property
    def name(self) -> str:
        """Of its model. Vectors of two models say nothing about each other."""

    @property
    def length(self) -> int:
        """How many numbers a vector has."""

    def vector(self, pixels: Pixels, face: Detection) -> Vector:
        """The face, which is upright, in numbers: faces of one person are near each other."""
