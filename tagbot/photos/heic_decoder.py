"""The door to pi-heif, which decodes HEIC; there is no wheel of it for every platform."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from tagbot.photos.picture_refused import HINTS, PictureRefused
from tagbot.photos.rectangle import Size


@contextmanager
def heic_picture(data: bytes) -> Iterator["HeicPicture"]:
    """The main picture of a HEIC file, not decoded yet.

    Raises `PictureRefused` where there is no decoder; also in the block, `OSError` for broken files.
    """
    try:
        # Not at the top: the bot itself decodes nothing, and need not have the library in memory.
        import pi_heif
    except ImportError:
        raise PictureRefused(HINTS["no_heic"]) from None
    pi_heif.options.DECODE_THREADS = 1  # each has memory of its own, and the limit is the process's
    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    try:
        yield HeicPicture(pi_heif.open_heif(BytesIO(data), convert_hdr_to_8bit=True))
    except (RuntimeError, ValueError) as why:
        if "Security limit" in str(why):
            raise PictureRefused(HINTS["heic_limits"]) from why
        raise OSError(str(why)) from why


class HeicPicture:
    """A picture that libheif has found."""

    def __init__(self, file: Any) -> None:
        """`file` is pi-heif's."""
        self._file = file

    @property
    def size(self) -> Size:
        """Of the picture when it is turned as the file says."""
        return Size(*self._file.size)

    def pixels(self) -> tuple[str, Size, bytes, int]:
        """Decoded and turned as the file says: Pillow's mode, size, bytes, and how many a row has."""
        data = self._file.data
        return self._file.mode, self.size, data, self._file.stride
