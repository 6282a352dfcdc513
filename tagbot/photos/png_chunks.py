"""The chunks of a PNG."""

import zlib
from collections.abc import Iterator
from contextlib import suppress

from tagbot.photos.metadata import MAX_XMP, Essence

SIGNATURE = b"\x89PNG\r\n\x1a\n"

TRANSPARENCY = b"tRNS"
"""The one chunk that may be left out and yet changes pixels as they are seen here."""

EXIF, XMP = b"Raw profile type exif", b"XML:com.adobe.xmp"
"""Keywords of texts: ImageMagick's, and XMP's."""

MAX_TEXT = MAX_XMP + 1
"""Bytes of one of these texts that are looked at, unpacked."""


def essence_of_png(data: bytes) -> Essence:
    """Without the chunks that may be left out, which a small first letter says; an animation is its first
    picture then.
    """
    kept, exif, xmp = [SIGNATURE], b"", b""
    for name, start, end in chunks(data):
        content = data[start + 8 : end - 4]
        if name == b"eXIf":
            exif = content
        elif name in (b"tEXt", b"zTXt") and content.startswith(EXIF + b"\0"):
            with suppress(ValueError):  # no hexadecimal digits
                exif = exif or bytes.fromhex(b"".join(text(name, content).split(b"\n")[3:]).decode())
        elif name == b"iTXt" and content.startswith(XMP + b"\0"):
            xmp = text(name, content)
        elif not name.isalpha() or name[:1].isupper() or name == TRANSPARENCY:
            kept.append(data[start:end])
    return Essence(b"".join(kept), exif, xmp)


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each, with its length before and its checksum behind; none after `IEND`."""
    at, name = len(SIGNATURE), b""
    while at < len(data) and name != b"IEND":
        name, start = data[at + 4 : at + 8], at
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        yield name, start, at


def text(name: bytes, content: bytes) -> bytes:
    """The text behind its keyword, empty where it cannot be unpacked."""
    _, _, rest = content.partition(b"\0")
    packed = name == b"zTXt"
    if packed:
        rest = rest[1:]
    elif name == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = b"".join(rest[2:].split(b"\0", 2)[2:])
    if not packed:
        return rest[:MAX_TEXT]
    with suppress(zlib.error):
        return zlib.decompressobj().decompress(rest, MAX_TEXT)
    return b""
