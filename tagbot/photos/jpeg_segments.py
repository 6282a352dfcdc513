"""The segments of a JPEG."""

import re
import struct
from collections.abc import Iterable, Iterator

from tagbot.photos.metadata import Essence

START_OF_SCAN, END = 0xDA, 0xD9
LONELY = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers that nothing belongs to."""

APP0, APP1, APP14, COMMENT = 0xE0, 0xE1, 0xEE, 0xFE
BESIDE = frozenset({*range(0xE0, 0xF0), COMMENT})
"""Applications' segments, and comments."""

EXIF, XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"

EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
"""Of XMP that is longer than a segment (ISO 16684-3): each part tells its document and its place in it."""

PART = struct.Struct(">32sII")
"""The document's id, its length, and where in it this part begins."""

EXTENDED_BY = re.compile(rb"HasExtendedXMP\s*(?:=\s*[\"']|>)\s*([0-9A-Fa-f]{32})")
"""The first document names the second so."""

COLOURS = {APP0: (b"JFIF\0", 14), APP14: (b"Adobe", 12)}
"""How the two segments begin by which libjpeg knows the colours, and their least size."""


def essence_of_jpeg(data: bytes) -> Essence:
    """Up to the first scan without applications' segments and comments; from there on as it is."""
    kept, exif, xmp = [data[:2]], [], b""
    parts: list[bytes] = []
    for marker, start, end in segments(data):
        content = data[start + 4 : end]
        if marker == APP1 and content.startswith(EXIF):
            exif.append(content.removeprefix(EXIF))  # longer than a segment, it goes on in the next one
        elif marker == APP1 and content.startswith(XMP):
            xmp = content.removeprefix(XMP)
        elif marker == APP1 and content.startswith(EXTENSION):
            parts.append(content.removeprefix(EXTENSION))
        elif marker not in BESIDE or says_colours(marker, content):
            kept.append(data[start:end])
    return Essence(b"".join(kept), b"".join(exif), xmp, extended_xmp(xmp, parts))


def extended_xmp(xmp: bytes, parts: Iterable[bytes]) -> bytes:
    """The document that this XMP says goes on with it, put together; empty where it says so of none."""
    named = EXTENDED_BY.search(xmp)
    by_place: dict[int, bytes] = {}
    for part in parts:
        if named and len(part) > PART.size and part[:32].upper() == named[1].upper():
            _, _, place = PART.unpack_from(part)
            by_place[place] = part[PART.size :]
    return b"".join(part for _, part in sorted(by_place.items()))


def says_colours(marker: int, content: bytes) -> bool:
    """Whether libjpeg knows the colours by this segment."""
    beginning, least = COLOURS.get(marker, (b"", 0))
    return 0 < least <= len(content) and content.startswith(beginning)


def segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of each; the last one is all that follows the start of the first scan.

    As libjpeg does, what lies between two of them is passed over.
    """
    at = 2
    while (at := data.find(b"\xff", at)) >= 0 and at + 4 <= len(data):
        marker = data[at + 1]
        if marker in (START_OF_SCAN, END):
            yield marker, at, len(data)
            return
        if marker == 0xFF:  # padding
            at += 1
        elif marker == 0 or marker in LONELY:
            at += 2
        else:
            end = at + 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
            yield marker, at, end
            at = end
