"""The crop: one face with some surroundings, for the training backend and for Slack."""

import math
from collections.abc import Iterable

from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle, Size

CROP_MARGIN = 0.5
"""Of the face's width on its left and right, of its height above and below: Rekognition's guide and dlib's
aligned chip both want to see that much around a face."""

CROP_MIN_SIDE = 80
"""Pixels: Rekognition refuses pictures with a shorter side."""

CROP_MAX_SIDE = 1024
"""Pixels. A face of half that is more than any recogniser looks at, and no JPEG of this size reaches
Rekognition's 5 MB: noise, the worst case, has 1 MB."""


def crop_face(photo: Photo, rectangle: Rectangle, others: Iterable[Rectangle]) -> bytes:
    """One face with some surroundings, as a JPEG.

    `others` are the other faces in the photo, of which it shows no more than lies within `rectangle`. It has
    `CROP_MIN_SIDE` to `CROP_MAX_SIDE` pixels on either side. The same arguments give the same bytes.
    """
    area = crop_area(photo.size, rectangle, others)
    sides = area.width, area.height
    factor = max(CROP_MIN_SIDE / min(sides), min(1.0, CROP_MAX_SIDE / max(sides)))
    # Clamped one by one: this distorts only what is 13 times as long as wide, which is no face.
    size = Size(*(min(max(round(side * factor), CROP_MIN_SIDE), CROP_MAX_SIDE) for side in sides))
    return photo.cut(area).resized(size).jpeg()


def crop_area(size: Size, rectangle: Rectangle, others: Iterable[Rectangle]) -> Rectangle:
    """The part that `crop_face` shows of a photo of that size."""
    left, right = _with_margin(rectangle.left, rectangle.right, size.width)
    top, bottom = _with_margin(rectangle.top, rectangle.bottom, size.height)
    area = Rectangle.between(left, top, right, bottom)
    for other in others:
        if area.overlap(other) != rectangle.overlap(other):
            area = _without(area, rectangle, other)
    return area


def _with_margin(low: int, high: int, limit: int) -> tuple[int, int]:
    """The range with its margins, within 0 and `limit`; slid where a border leaves less than the minimum."""
    length = high - low
    margin = max(math.ceil(length * CROP_MARGIN), math.ceil((CROP_MIN_SIDE - length) / 2))
    start, end = max(0, low - margin), min(limit, high + margin)
    if end - start < CROP_MIN_SIDE:
        start = max(0, min(start, limit - CROP_MIN_SIDE))
        end = min(limit, max(end, start + CROP_MIN_SIDE))
    return start, end


def _without(area: Rectangle, face: Rectangle, other: Rectangle) -> Rectangle:
    """The largest part of `area` around `face` that shows no more of `other` than `face` itself does."""
    cuts = [
        Rectangle.between(max(area.left, min(other.right, face.left)), area.top, area.right, area.bottom),
        Rectangle.between(area.left, max(area.top, min(other.bottom, face.top)), area.right, area.bottom),
        Rectangle.between(area.left, area.top, min(area.right, max(other.left, face.right)), area.bottom),
        Rectangle.between(area.left, area.top, area.right, min(area.bottom, max(other.top, face.bottom))),
    ]
    enough = [cut for cut in cuts if cut.overlap(other) == face.overlap(other)]
    if enough:
        return max(enough, key=lambda cut: cut.area)
    # The faces overlap and the other one sticks out on several sides: each of them loses its margin.
    return Rectangle.between(
        face.left if other.left < face.left else area.left,
        face.top if other.top < face.top else area.top,
        face.right if other.right > face.right else area.right,
        face.bottom if other.bottom > face.bottom else area.bottom,
    )
