"""Decoding of photos: from a stranger's bytes to upright pixels, or to a refusal."""

from collections.abc import Callable

from tagbot.photos import heif_boxes, pixels, webp_chunks
from tagbot.photos.file_kind import PHOTO_KINDS, file_kind, is_no_beginning
from tagbot.photos.jpeg_segments import essence_of_jpeg
from tagbot.photos.metadata import Essence
from tagbot.photos.photo_limits import check_bytes, check_size
from tagbot.photos.picture_refused import HINTS, PictureRefused
from tagbot.photos.pixels import Photo
from tagbot.photos.png_chunks import essence_of_png
from tagbot.photos.rectangle import Size

ESSENCES: dict[str, Callable[[bytes], Essence]] = {
    "jpeg": essence_of_jpeg,
    "png": essence_of_png,
    "webp": webp_chunks.essence_of_webp,
    "heic": heif_boxes.essence_of_heif,
    "avif": heif_boxes.essence_of_heif,
}


def read_photo(data: bytes) -> Photo:
    """The photo in a file; of an animated one, the first picture, and of one with several, the main one.

    Raises `PictureRefused`. Nothing is decoded before size and format are known to be within the limits.
    """
    photo, _ = read_with_metadata(data)
    return photo


def read_with_metadata(data: bytes) -> tuple[Photo, Essence]:
    """The same, and what the file says beside it."""
    kind = kind_of(data)
    broken = PictureRefused(f"the {PHOTO_KINDS[kind]} is broken or cut off", looks_cut_off=True)
    try:
        essence = ESSENCES[kind](data)
        image = pixels.decoded(essence.coding or kind, essence.file, check_size)
    except pixels.BROKEN as why:
        raise broken from why
    if is_cut_off(kind, data, essence, Size(*image.size)):
        raise broken
    if essence.coding != "heic":  # which libheif has turned
        image = pixels.upright(image, essence.orientation)
    return Photo(pixels.plain_rgb(image)), essence


def orientation_of(data: bytes) -> int:
    """As EXIF counts, without decoding anything. Raises `PictureRefused`."""
    kind = kind_of(data)
    try:
        return ESSENCES[kind](data).orientation
    except pixels.BROKEN as why:
        raise PictureRefused(f"the {PHOTO_KINDS[kind]} is broken or cut off") from why


def kind_of(data: bytes) -> str:
    """A key of `PHOTO_KINDS`. Raises `PictureRefused` for any other file, and for one that is too large."""
    kind = file_kind(data)
    if kind not in PHOTO_KINDS:
        raise PictureRefused(HINTS[kind], looks_cut_off=is_no_beginning(data))
    check_bytes(data)
    return kind


def is_cut_off(kind: str, data: bytes, essence: Essence, size: Size) -> bool:
    """Whether the end is missing of a file that could be decoded: Pillow minds that no more once it has all
    pixels.
    """
    if kind == "webp":
        return webp_chunks.is_cut_off(data, essence, size)
    if essence.coding:
        return heif_boxes.is_cut_off(essence.file, size)
    if kind == "png":
        return essence.file[-8:-4] != b"IEND"  # the last chunk's name, before its checksum
    return b"\xff\xd9" not in essence.file  # the last marker, which stands nowhere in pixels; more may follow
