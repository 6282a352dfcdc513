"""The context picture: a face with its company, marked, by which people know whom they are asked about."""

import math
from collections.abc import Iterator

from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle, Size

CONTEXT_ZOOM = 4.5
"""How many times the face's longer side the context picture shows: enough to see clothes and company."""

CONTEXT_MAX_SIDE = 1000
"""Pixels: Slack shows as many without scaling down."""

CONTEXT_MIN_SIDE = 480
"""Pixels of the longer side: below that, Slack shows a stamp in which nobody is known."""


def context_picture(photo: Photo, rectangle: Rectangle) -> bytes:
    """The surroundings of a face as a JPEG, the face marked; at most `CONTEXT_MAX_SIDE` pixels a side."""
    area = context_area(photo.size, rectangle)
    shown = min(max(CONTEXT_MIN_SIDE, area.width, area.height), CONTEXT_MAX_SIDE)
    factor = shown / max(area.width, area.height)
    size = Size(*(max(1, round(side * factor)) for side in (area.width, area.height)))
    left, top = rectangle.left - area.left, rectangle.top - area.top
    edges = (left, top, left + rectangle.width, top + rectangle.height)
    face = Rectangle.between(*(round(edge * factor) for edge in edges))
    return photo.cut(area).resized(size).framed(mark(size, face)).jpeg()


def context_area(size: Size, rectangle: Rectangle) -> Rectangle:
    """The part that `context_picture` shows: a square around the face, moved and clipped to stay in the
    photo.
    """
    wanted = math.ceil(CONTEXT_ZOOM * max(rectangle.width, rectangle.height))
    width, height = min(wanted, size.width), min(wanted, size.height)
    left = rectangle.left + rectangle.width // 2 - width // 2
    top = rectangle.top + rectangle.height // 2 - height // 2
    return Rectangle(
        min(max(left, 0), size.width - width), min(max(top, 0), size.height - height), width, height
    )


def mark(size: Size, face: Rectangle) -> Iterator[tuple[Rectangle, str, int]]:
    """A white line between two black ones around the face: seen on any ground, and without any colour.

    A frame a line, as `Photo.framed` takes them, for a picture of that size.
    """
    line = max(2, round(max(size) / 160))  # of which Slack shows a third
    bands = (("black", line), ("white", 2 * line), ("black", line))  # from the outside
    distance = sum(width for _, width in bands)
    # Kept within the picture, so that a face at its border has a mark on all sides.
    left, top = max(face.left, distance), max(face.top, distance)
    right, bottom = min(face.right, size.width - distance), min(face.bottom, size.height - distance)
    for colour, width in bands:
        # In a picture narrower than the mark, it has no pixel.
        frame = Rectangle.between(left - distance, top - distance, right + distance, bottom + distance)
        yield frame, colour, width
        distance -= width
