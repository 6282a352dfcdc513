"""Making faces unrecognisable in a picture in which others are."""

from collections.abc import Sequence

from tagbot.photos.decoding import read_photo
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle, Size

BESIDE, ABOVE, BELOW = 0.35, 0.6, 0.3
"""Of a face's width on either side, and of its height above and below it: a rectangle reaches from the brows
to the chin, and people know each other by hair and ears as well.
"""

LEFT_OF_IT = Size(2, 2)
"""Pixels that a face is brought down to: some light and colour, and nothing of a face."""


def with_hidden_faces(
    picture: bytes, shown: Rectangle, hide: Sequence[Rectangle], keep: Sequence[Rectangle]
) -> bytes:
    """A JPEG of the same part of a photo, `shown`, in which the faces to `hide` are unrecognisable. Those to
    `keep` stay as they are, but where the others cover them.
    """
    photo = read_photo(picture)
    here = [_in_picture(face, shown, photo.size) for face in hide]
    areas = [area for face in here if (area := _within(_with_hair(face), photo.size))]
    faces = [area for face in here if (area := _within(face, photo.size))]
    hidden = _blurred(photo, areas)
    for face in keep:
        if area := _within(_in_picture(face, shown, photo.size), photo.size):
            hidden = hidden.with_picture(photo.cut(area), area.left, area.top)
    return _blurred(hidden, faces).jpeg() if areas else picture


def is_shown(shown: Rectangle, face: Rectangle) -> bool:
    """Whether anything of a face to hide is in that part of its photo."""
    return shown.overlap(_with_hair(face)) > 0


def _blurred(photo: Photo, areas: Sequence[Rectangle]) -> Photo:
    for area in areas:
        left = photo.cut(area).resized(LEFT_OF_IT).resized(Size(area.width, area.height))
        photo = photo.with_picture(left, area.left, area.top)
    return photo


def _with_hair(face: Rectangle) -> Rectangle:
    beside, above, below = (
        round(BESIDE * face.width),
        round(ABOVE * face.height),
        round(BELOW * face.height),
    )
    return Rectangle.between(face.left - beside, face.top - above, face.right + beside, face.bottom + below)


def _in_picture(face: Rectangle, shown: Rectangle, size: Size) -> Rectangle:
    """Where a face of the photo is in a picture of a part of it."""
    across, down = size.width / shown.width, size.height / shown.height
    return Rectangle.between(
        round((face.left - shown.left) * across),
        round((face.top - shown.top) * down),
        round((face.right - shown.left) * across),
        round((face.bottom - shown.top) * down),
    )


def _within(area: Rectangle, size: Size) -> Rectangle | None:
    """The part of it that lies in a picture of that size; None for nothing."""
    left, top = max(area.left, 0), max(area.top, 0)
    right, bottom = min(area.right, size.width), min(area.bottom, size.height)
    return Rectangle.between(left, top, right, bottom) if left < right and top < bottom else None
