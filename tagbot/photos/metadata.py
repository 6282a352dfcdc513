"""Metadata is not the picture: what of a file its pixels need, and which way up they are.

What Pillow does not get to see can spoil nothing: it refuses a PNG for a colour profile or a text over a
megabyte, and any file for metadata that ends early.
"""

import re
import struct
from contextlib import suppress
from dataclasses import dataclass

XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')

MAX_XMP = 2_000_000
"""Bytes, the contract's: longer XMP is left out."""

TIFF = {b"II*\0": "<", b"MM\0*": ">"}
"""How EXIF begins, which is laid out as a TIFF: the byte order of what follows."""

ORIENTATION = 274
"""The tag in EXIF 2.3."""

INTEGERS = {1: "B", 3: "H", 4: "I"}
"""By TIFF's number of the type: as `struct` names it."""


@dataclass(frozen=True, slots=True)
class Essence:
    """A file of the same kind that holds nothing but pixels; what it said beside them."""

    file: bytes
    exif: bytes = b""
    xmp: bytes = b""
    extended_xmp: bytes = b""
    """Of a JPEG: what did not fit into one segment, as a document of its own."""
    coding: str = ""
    """`heic` or `avif`, of a HEIF: by the picture, and not by what the file calls itself."""
    turned: int | None = None
    """As EXIF counts, of a kind of file that says itself how it is turned: what EXIF says then counts not, so
    that nothing is turned twice.
    """

    @property
    def orientation(self) -> int:
        """1 to 8, as EXIF counts; 1 is upright, and what is said where nothing can be read."""
        if self.turned is not None:
            return self.turned
        if (told := _exif_orientation(self.exif.removeprefix(b"Exif\0\0"))) is not None:
            return told
        in_xmp = XMP_ORIENTATION.search(self.xmp)
        return int(in_xmp[1]) if in_xmp else 1


def _exif_orientation(tiff: bytes) -> int | None:
    """Read from the first directory alone, and no other value of it: each may be as long as the file, and
    Pillow reads them all.
    """
    order = TIFF.get(tiff[:4])
    with suppress(struct.error):  # it ends early
        if order is not None:
            (place,) = struct.unpack_from(f"{order}I", tiff, 4)
            (entries,) = struct.unpack_from(f"{order}H", tiff, place)
            for entry in range(place + 2, place + 2 + 12 * entries, 12):
                tag, kind = struct.unpack_from(f"{order}HH", tiff, entry)
                if tag == ORIENTATION and kind in INTEGERS:
                    (told,) = struct.unpack_from(f"{order}{INTEGERS[kind]}", tiff, entry + 8)
                    return told if 1 <= told <= 8 else None
    return None
