"""Pictures as Amazon Rekognition takes them, and what it says of the faces in them."""

from typing import Any

from tagbot.photos.decoding import read_photo
from tagbot.photos.picture_refused import PictureRefused
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.photos.stored_photo import MAX_BYTES_SENT, fitted, stored_photo
from tagbot.vocabulary import RejectionReason

SMALLEST_SIDE = 80
LARGEST_SIDE = 10_000
"""Pixels: AWS takes no picture with a shorter or a longer side."""

REASONS = {
    "EXCEEDS_MAX_FACES": RejectionReason.SEVERAL_FACES,
    "EXTREME_POSE": RejectionReason.TURNED_AWAY,
    "LOW_BRIGHTNESS": RejectionReason.TOO_DARK,
    "LOW_SHARPNESS": RejectionReason.TOO_BLURRED,
    "LOW_CONFIDENCE": RejectionReason.NO_FACE,
    "SMALL_BOUNDING_BOX": RejectionReason.TOO_SMALL,
    "LOW_FACE_QUALITY": RejectionReason.LOW_QUALITY,
}
"""Why IndexFaces left a face out, by AWS's word; the first that fits is told."""

Box = dict[str, float]
"""Left, Top, Width and Height as shares of the picture's sides; it may reach beyond them."""


def as_sent(picture: bytes, size: Size) -> bytes | None:
    """A JPEG of that size as AWS takes it; None when AWS could find no face in it."""
    if max(size) > LARGEST_SIDE / SMALLEST_SIDE * min(size):
        return None  # a strip, a few pixels high once it is short enough
    factor = max(SMALLEST_SIDE / min(size), min(1.0, LARGEST_SIDE / max(size)))
    return fitted(picture if factor == 1.0 else stored_photo(read_photo(picture).scaled(factor)))


def why_unusable(crop: bytes) -> RejectionReason | None:
    """Why AWS would refuse a picture. It is not asked: its own word for it does not tell a picture's fault
    from a bug of ours.
    """
    if len(crop) > MAX_BYTES_SENT:
        return RejectionReason.TOO_LARGE
    try:
        size = read_photo(crop).size
    except PictureRefused:
        return RejectionReason.NOT_AN_IMAGE
    if max(size) > LARGEST_SIDE:
        return RejectionReason.TOO_LARGE
    return RejectionReason.TOO_SMALL if min(size) < SMALLEST_SIDE else None


def why_unindexed(answer: dict[str, Any]) -> RejectionReason:
    """Why IndexFaces learned no face."""
    reasons = {reason for face in answer.get("UnindexedFaces", []) for reason in face.get("Reasons", [])}
    return next((ours for theirs, ours in REASONS.items() if theirs in reasons), RejectionReason.NO_FACE)


def is_another_one(box: Box) -> bool:
    """Whether the indexed face is so far from the middle of its crop, by more than half its own size, that
    it is another one at the border: the face that was tagged is too blurred or dark then.
    """
    return not all(
        box[start] - box[length] / 2 <= 0.5 <= box[start] + box[length] * 1.5
        for start, length in (("Left", "Width"), ("Top", "Height"))
    )


def pixels(box: Box, size: Size) -> Rectangle:
    """A box within a picture of that size."""
    left, top = max(0, round(box["Left"] * size.width)), max(0, round(box["Top"] * size.height))
    right = min(size.width, round((box["Left"] + box["Width"]) * size.width))
    bottom = min(size.height, round((box["Top"] + box["Height"]) * size.height))
    return Rectangle.between(left, top, max(right, left + 1), max(bottom, top + 1))
