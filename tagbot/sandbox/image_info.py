"""What Slack learns from the bytes of an upload: whether it is a picture, and how large."""

import struct
from typing import NamedTuple


class Picture(NamedTuple):
    """The kind and the size in pixels."""

    mimetype: str
    width: int
    height: int


def read_picture(data: bytes) -> Picture | None:
    """The picture that these bytes begin with, if they do; PNG, JPEG and GIF can be shown in a block."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return Picture("image/png", *struct.unpack(">II", data[16:24]))
    if data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= 10:
        return Picture("image/gif", *struct.unpack("<HH", data[6:10]))
    if data.startswith(b"\xff\xd8\xff"):
        return read_jpeg(data)
    return None


# The markers that start a frame: SOF0 to SOF15 without DHT, JPG and DAC (ITU T.81, table B.1).
FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def read_jpeg(data: bytes) -> Picture | None:
    """The size stands in the frame header, behind segments of any length."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, (length,) = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])
        if marker in FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Picture("image/jpeg", width, height)
        at += 2 + length
    return None


def mimetype(name: str, data: bytes) -> str:
    """The type of any upload."""
    picture = read_picture(data)
    if picture:
        return picture.mimetype
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return "text/plain" if name.endswith(".txt") else "application/octet-stream"
