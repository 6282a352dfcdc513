"""The chunks of a WebP, which is a RIFF file."""

import struct
from collections.abc import Iterator

from tagbot.photos.metadata import Essence
from tagbot.photos.rectangle import Size

HEADER = struct.Struct("<4sI")
"""Of the file as of each chunk: name, and bytes of what follows."""

SAID_BESIDE = 0b0010_1100
"""Of the flags in the chunk `VP8X`: that there is a colour profile, EXIF or XMP."""

PIXELS = frozenset({b"ALPH", b"VP8 ", b"VP8L", b"ANIM"})
FRAME = b"ANMF"

PIXELS_A_ZERO = 2_000
"""So many pixels, and a picture may end with another zero: twice of what was seen, in a half empty one."""


def essence_of_webp(data: bytes) -> Essence:
    """The first picture alone, of an animation too."""
    kept, exif, xmp, has_frame = [], b"", b"", False
    for name, chunk in chunks(data):
        content = chunk[HEADER.size :]
        if name == b"EXIF":
            exif = content
        elif name == b"XMP ":
            xmp = content
        elif name == b"VP8X" and content:
            kept.append(chunk[: HEADER.size] + bytes([content[0] & ~SAID_BESIDE]) + content[1:])
        elif name in PIXELS or (name == FRAME and not has_frame):
            kept.append(chunk)
            has_frame |= name == FRAME
    body = b"WEBP" + b"".join(chunk + b"\0" * (len(chunk) % 2) for chunk in kept)
    return Essence(HEADER.pack(b"RIFF", len(body)) + body, exif, xmp)


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and bytes of each, those of its name included; what follows the file's own end is none of it."""
    at, end = 12, min(len(data), length_of(data))
    while at + HEADER.size <= end:
        name, length = HEADER.unpack_from(data, at)
        after = at + HEADER.size + length
        yield name, data[at:after]
        at = after + length % 2


def length_of(data: bytes) -> int:
    """Bytes of the whole file, as it says itself."""
    _, length = HEADER.unpack_from(data)
    return HEADER.size + int(length)


def is_cut_off(data: bytes, essence: Essence, size: Size) -> bool:
    """Whether there is less than the file says, or zeros are where its pixels should be.

    libwebp takes zeros for pixels. A few are some: 25 megapixels of one colour end with 2,400.
    """
    zeros = len(essence.file) - len(essence.file.rstrip(b"\0"))
    return len(data) < length_of(data) or zeros > 64 + size.width * size.height // PIXELS_A_ZERO
