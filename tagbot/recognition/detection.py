"""Faces as a detector finds them, and which of its finds are of one face."""

import math
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle, Size

Pixels = NDArray[np.uint8]
"""Height × width × 3, RGB."""

Finds = NDArray[np.float32]
"""A row for each find: left, top, width, height, score, and x and y of five points, in pixels."""

SAME_FACE = 0.4
"""From this overlap on (of the area that both cover together), two finds are of one face."""

INSIDE = 0.7
"""Of its own area: a find that lies so much in a larger one is a part of that face."""


class Fit(NamedTuple):
    """How the square that dlib's detector would find, from the brows to the chin, lies to a network's finds.

    The encoder's landmarks were learned in such squares, in which the vectors of earlier versions were made.
    """

    side: float
    """By the geometric mean of width and height, which a turned head changes less than either."""
    down: float
    """From the middle of the five points to its own, by its side."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A face, in pixels of its picture, beyond which it may reach."""

    left: float
    top: float
    width: float
    height: float
    score: float
    """From 0 to 1."""
    points: tuple[tuple[float, float], ...]
    """Eye, eye, nose, corner and corner of the mouth, from the left of an upright face."""
    square: tuple[float, float, float]
    """Left, top and side of the square in which the face is cut out and described."""

    @classmethod
    def of(cls, find: Finds, fit: Fit) -> Self:
        """From its row."""
        left, top, width, height, score, *rest = map(float, find)
        points = tuple(zip(rest[::2], rest[1::2], strict=True))
        x, y = (sum(each) / len(points) for each in zip(*points, strict=True))
        side = fit.side * math.sqrt(width * height)
        square = (x - side / 2, y + (fit.down - 0.5) * side, side)
        return cls(left, top, width, height, score, points, square)

    @property
    def middle(self) -> tuple[float, float]:
        """Of the square."""
        left, top, side = self.square
        return left + side / 2, top + side / 2

    @property
    def roll(self) -> float:
        """Degrees by which the line of the eyes is turned, clockwise; 0 is upright."""
        (left_x, left_y), (right_x, right_y) = self.points[:2]
        return math.degrees(math.atan2(right_y - left_y, right_x - left_x))

    def rectangle(self, size: Size) -> Rectangle:
        """The part of the square that lies in a picture of that size: at least a pixel."""
        left, top, side = self.square
        edges = [min(max(round(edge), 0), limit - 1) for edge, limit in zip((left, top), size, strict=True)]
        ends = [
            min(max(round(start + side), first + 1), limit)
            for start, first, limit in zip((left, top), edges, size, strict=True)
        ]
        return Rectangle.between(*edges, *ends)


def pixels_of(photo: Photo) -> Pixels:
    """The pixels of a photo."""
    return np.frombuffer(photo.rgb(), np.uint8).reshape(photo.size.height, photo.size.width, 3)


def distinct(finds: Finds) -> Finds:
    """One for each face, the surest first."""
    rest = finds[np.argsort(-finds[:, 4], kind="stable")]
    kept = []
    while len(rest):
        kept.append(rest[0])
        shared = _shared(rest[0], rest)
        areas = rest[:, 2] * rest[:, 3]
        rest = rest[shared < SAME_FACE * (areas + areas[0] - shared)]
    return _without_parts(np.array(kept, np.float32).reshape(-1, finds.shape[1]))


def _without_parts(faces: Finds) -> Finds:
    areas = faces[:, 2] * faces[:, 3]
    is_part = [
        bool(np.any((areas > area) & (_shared(face, faces) > INSIDE * area)))
        for face, area in zip(faces, areas, strict=True)
    ]
    whole: Finds = faces[~np.array(is_part, bool)]
    return whole


def _shared(one: NDArray[np.float32], others: Finds) -> NDArray[np.float32]:
    """The area that each of the others has in common with the one."""
    left_top = np.maximum(one[:2], others[:, :2])
    right_bottom = np.minimum(one[:2] + one[2:4], others[:, :2] + others[:, 2:4])
    sides = np.maximum(right_bottom - left_top, 0)
    area: NDArray[np.float32] = sides[:, 0] * sides[:, 1]
    return area
