"""Sizes and parts of pictures, in pixels."""

from dataclasses import dataclass
from typing import NamedTuple, Self


class Size(NamedTuple):
    """Of a picture, in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a picture, in pixels counted after its EXIF orientation was applied."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def between(cls, left: int, top: int, right: int, bottom: int) -> Self:
        """The one from its first pixel to the one after its last, as Pillow and dlib count."""
        return cls(left, top, right - left, bottom - top)

    @property
    def right(self) -> int:
        """The first column that is not in it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row that is not in it."""
        return self.top + self.height

    @property
    def area(self) -> int:
        """Its pixels."""
        return self.width * self.height

    def inside(self, size: Size) -> bool:
        """Whether it holds at least a pixel and lies within a picture of that size."""
        return (
            min(self.left, self.top) >= 0
            and min(self.width, self.height) > 0
            and self.right <= size.width
            and self.bottom <= size.height
        )

    def overlap(self, other: "Rectangle") -> int:
        """The pixels that are in both."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0) * max(height, 0)
