"""Decoding of photos: from a stranger's bytes to upright pixels, or to a refusal."""

from tagbot.photos import pixels
from tagbot.photos.file_kind import PHOTO_KINDS, file_kind
from tagbot.photos.photo_limits import check_bytes, check_size
from tagbot.photos.picture_refused import HINTS, PictureRefused
from tagbot.photos.pixels import Photo

ENDS = {"png": b"IEND\xaeB`\x82", "jpeg": b"\xff\xd9"}
"""The end of every file of a kind: a PNG's last chunk with its checksum, a JPEG's last marker, which stands
nowhere in a picture's data. More may follow.
"""


def read_photo(data: bytes) -> Photo:
    """The photo in a JPEG, PNG or WebP file; of an animated one, the first picture.

    Raises `PictureRefused`. Nothing is decoded before size and format are known to be within the limits.
    """
    kind = file_kind(data)
    if kind not in PHOTO_KINDS:
        raise PictureRefused(HINTS[kind])
    check_bytes(data)
    broken = PictureRefused(f"the {PHOTO_KINDS[kind]} is broken or cut off")
    try:
        image = pixels.decoded(kind, data, check_size)
    except pixels.BROKEN as why:
        raise broken from why
    if ENDS.get(kind, b"") not in data:  # Pillow minds no missing end once it has all pixels
        raise broken
    return Photo(pixels.plain_rgb(image))
