"""The limits of a photo as it comes, which are checked before it is decoded."""

from pathlib import Path

from tagbot.photos.picture_refused import PictureRefused
from tagbot.photos.rectangle import Size
from tagbot.photos.regular_file import opened

MAX_BYTES = 20_000_000
"""The contract's 20 MB."""

MAX_PIXELS = 25_000_000
"""The contract's 25 megapixels, 75 MB once decoded."""

MAX_SIDE = 65_500
"""Pixels: libjpeg writes no longer side (JPEG_MAX_DIMENSION)."""


def bytes_of(path: Path) -> bytes:
    """The content of a file; of one that is too large, just so much that `check_bytes` refuses it.

    Raises `OSError`, also when it is no regular file.
    """
    with opened(path) as file:
        return file.read(MAX_BYTES + 1)


def check_bytes(data: bytes) -> None:
    """Raises `PictureRefused` when there are too many."""
    if len(data) > MAX_BYTES:
        raise PictureRefused(f"the file is over the limit of {MAX_BYTES // 1_000_000} MB")


def check_size(size: Size) -> None:
    """Raises `PictureRefused` when a picture has too many pixels."""
    if size.width * size.height > MAX_PIXELS:
        limit = MAX_PIXELS // 1_000_000
        raise PictureRefused(f"{size.width} × {size.height} pixels are over the limit of {limit} megapixels")
    if max(size) > MAX_SIDE:
        raise PictureRefused(f"{max(size)} pixels are over the limit of {MAX_SIDE} for one side")
