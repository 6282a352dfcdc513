"""Metadata is not the picture: whatever a file says beside its pixels, these are read."""

import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image

from tagbot.photos.decoding import read_photo
from tagbot.photos.metadata import Essence
from tagbot.photos.picture_refused import PictureRefused
from tests.photos.images import RED, close, colour_at, file, gradient

MEGABYTE = bytes(1_100_000)
TOO_LONG = b"\xff" * 8
NO_CHECKSUM = b"nope"


def chunk(name: bytes, content: bytes, checksum: bytes | None = None) -> bytes:
    """Of a PNG."""
    right = zlib.crc32(name + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + name + content + (checksum or right)


def segment(marker: int, content: bytes) -> bytes:
    """Of a JPEG."""
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


def riff(name: bytes, content: bytes) -> bytes:
    """A chunk of a WebP."""
    return name + len(content).to_bytes(4, "little") + content + b"\0" * (len(content) % 2)


def in_png(*chunks: bytes, behind: bool = False) -> bytes:
    """A picture with these chunks before its pixels, or behind them."""
    plain = file(gradient(), "PNG")
    at = len(plain) - 12 if behind else 33
    return plain[:at] + b"".join(chunks) + plain[at:]


def in_jpeg(*segments: bytes) -> bytes:
    plain = file(gradient(), "JPEG")
    return plain[:2] + b"".join(segments) + plain[2:]


def in_webp(*chunks: bytes, flags: int = 0b0010_1100) -> bytes:
    pixels = file(gradient(), "WEBP")[12:]
    size = (59).to_bytes(3, "little") + (39).to_bytes(3, "little")
    body = b"WEBP" + riff(b"VP8X", bytes([flags, 0, 0, 0]) + size) + pixels + b"".join(chunks)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
    return struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")


def exif(*entries: bytes, told: int | None = None) -> bytes:
    """As a TIFF, with its first directory alone."""
    number = struct.pack("<H", len(entries) if told is None else told)
    return b"II*\0\x08\0\0\0" + number + b"".join(entries) + bytes(4)


TURN = entry(274, 3, 1, b"\6")
GREEDY = exif(*(entry(number, 7, 60_000, b"\x08") for number in range(5_000)))
"""Each of its values is nearly as long as the file."""

FILES: dict[str, Callable[[], bytes]] = {
    "png: a profile over a megabyte": lambda: in_png(chunk(b"iCCP", b"x\0\0" + zlib.compress(MEGABYTE))),
    "png: a profile packed as nobody does": lambda: in_png(chunk(b"iCCP", b"x\0\7" + MEGABYTE)),
    "png: a profile without content": lambda: in_png(chunk(b"iCCP", b"x")),
    "png: a packed text over a megabyte": lambda: in_png(chunk(b"zTXt", b"x\0\0" + zlib.compress(MEGABYTE))),
    "png: the same in all languages": lambda: in_png(
        chunk(b"iTXt", b"x\0\1\0\0\0" + zlib.compress(MEGABYTE))
    ),
    "png: 70 MB of text": lambda: in_png(
        *(chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(10**6))) for _ in range(70))
    ),
    "png: text behind the pixels": lambda: in_png(
        chunk(b"zTXt", b"x\0\7" + zlib.compress(MEGABYTE)), behind=True
    ),
    "png: a wrong checksum": lambda: in_png(chunk(b"tEXt", b"Comment\0x", NO_CHECKSUM)),
    "png: EXIF with a wrong checksum": lambda: in_png(chunk(b"eXIf", exif(TURN)[:9], NO_CHECKSUM)),
    "png: hexadecimal EXIF that is none": lambda: in_png(
        chunk(b"tEXt", b"Raw profile type exif\0\nexif\n9\nno hexadecimal")
    ),
    "png: sizes, colours and gamma that end early": lambda: in_png(
        chunk(b"pHYs", b"1"), chunk(b"gAMA", b"1"), chunk(b"cHRM", b"1"), chunk(b"sRGB", b"")
    ),
    "png: an animation that ends early": lambda: in_png(chunk(b"acTL", b"1"), chunk(b"fcTL", b"1")),
    "png: something behind its end": lambda: in_png() + b"#!/bin/sh" + MEGABYTE,
    "jpeg: EXIF that ends early": lambda: in_jpeg(segment(0xE1, b"Exif\0\0" + exif(TURN)[:9])),
    "jpeg: greedy EXIF": lambda: in_jpeg(segment(0xE1, b"Exif\0\0" + GREEDY)),
    "jpeg: EXIF with more entries than it has": lambda: in_jpeg(
        segment(0xE1, b"Exif\0\0" + exif(told=65_535))
    ),
    "jpeg: a JFIF that ends early": lambda: in_jpeg(segment(0xE0, b"JFIF\0")),
    "jpeg: an Adobe that ends early": lambda: in_jpeg(segment(0xEE, b"Adobe")),
    "jpeg: a profile in pieces that are missing": lambda: in_jpeg(segment(0xE2, b"ICC_PROFILE\0")),
    "jpeg: Photoshop's that ends early": lambda: in_jpeg(segment(0xED, b"Photoshop 3.0\0008BIM\4\4")),
    "jpeg: a segment shorter than it can be": lambda: in_jpeg(b"\xff\xe5\0\0"),
    "jpeg: something between two segments": lambda: in_jpeg(segment(0xE5, b"x") + b"\0\0\xff\0zz\xff\xff"),
    "jpeg: hundreds of comments": lambda: in_jpeg(*(segment(0xFE, bytes(65_000)) for _ in range(300))),
    "jpeg: something behind its end": lambda: in_jpeg() + MEGABYTE,
    "webp: EXIF that is none": lambda: in_webp(riff(b"EXIF", b"no EXIF")),
    "webp: greedy EXIF": lambda: in_webp(riff(b"EXIF", GREEDY)),
    "webp: metadata that it does not have": in_webp,
    "webp: metadata that it has not told of": lambda: in_webp(riff(b"ICCP", MEGABYTE), flags=0),
    "webp: chunks that nobody knows": lambda: in_webp(riff(b"\xff\0\0\xff", b"x"), riff(b"XYZW", b"")),
    "webp: something behind its end": lambda: in_webp() + MEGABYTE,
}


@pytest.mark.rule("metadata-is-not-the-picture")
@pytest.mark.parametrize("what", FILES)
def test_what_stands_beside_the_pixels_spoils_none(what: str) -> None:
    data = FILES[what]()
    plain = read_photo(file(gradient(), what.partition(":")[0].upper()))
    photo = read_photo(data)
    assert photo.size == (60, 40)
    assert photo.rgb() == plain.rgb()


TURNED: dict[str, Callable[[], bytes]] = {
    "png": lambda: in_png(chunk(b"iCCP", b"x\0\0" + zlib.compress(MEGABYTE)), chunk(b"eXIf", exif(TURN))),
    "png: ImageMagick's": lambda: in_png(
        chunk(
            b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n40\n" + exif(TURN).hex().encode())
        )
    ),
    "png: XMP": lambda: in_png(
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(b'<x tiff:Orientation="6"/>'))
    ),
    "jpeg: a later entry is broken": lambda: in_jpeg(
        segment(0xE1, b"Exif\0\0" + exif(entry(271, 99, 2**32 - 1, TOO_LONG[:4]), TURN, told=900))
    ),
    "jpeg: in two segments": lambda: in_jpeg(
        segment(0xE1, b"Exif\0\0" + exif(TURN)[:12]), segment(0xE1, b"Exif\0\0" + exif(TURN)[12:])
    ),
    "jpeg: a long number": lambda: in_jpeg(segment(0xE1, b"Exif\0\0" + exif(entry(274, 4, 1, b"\6")))),
    "jpeg: XMP": lambda: in_jpeg(
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<tiff:Orientation>6</tiff:Orientation>")
    ),
    "webp": lambda: in_webp(riff(b"EXIF", exif(TURN))),
    "webp: as Pillow writes it": lambda: in_webp(riff(b"EXIF", b"Exif\0\0" + exif(TURN))),
}


@pytest.mark.rule("metadata-is-not-the-picture", "exif-turn")
@pytest.mark.parametrize("what", TURNED)
def test_the_picture_is_upright_wherever_that_is_said(what: str) -> None:
    assert read_photo(TURNED[what]()).size == (40, 60)


@pytest.mark.parametrize("value", [b"\0", b"\x09", b"\xff\xff"])
def test_an_orientation_that_there_is_not_turns_nothing(value: bytes) -> None:
    assert Essence(b"", exif(entry(274, 3, 1, value))).orientation == 1


@pytest.mark.rule("metadata-is-not-the-picture")
@pytest.mark.parametrize("mode", ["CMYK", "RGB", "L", "YCbCr"])
def test_colours_are_as_the_jpeg_says(mode: str) -> None:
    image = Image.new("RGB", (32, 32), RED).convert(mode)
    profile = {"icc_profile": MEGABYTE[:100_000]}
    photo = read_photo(file(image, "JPEG", quality=95, **profile))
    with_pillow = image.convert("RGB").getpixel((3, 3))
    assert isinstance(with_pillow, tuple)
    assert close(colour_at(photo, 3, 3), with_pillow)


def test_a_jpeg_may_say_that_its_colours_are_not_encoded() -> None:
    data = file(Image.new("RGB", (32, 32), RED), "JPEG", quality=95, keep_rgb=True)
    assert close(colour_at(read_photo(data), 3, 3), RED)


@pytest.mark.rule("bad-photo-refused")
def test_the_end_of_a_thumbnail_is_not_that_of_the_photo() -> None:
    data = in_jpeg(segment(0xE1, b"Exif\0\0" + exif() + file(gradient(), "JPEG")))
    read_photo(data)
    with pytest.raises(PictureRefused, match="cut off"):
        read_photo(data[:-2])


@pytest.mark.rule("bad-photo-refused")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_zeros_where_the_rest_should_be_look_cut_off(kind: str, share: float) -> None:
    whole = file(Image.effect_noise((600, 400), 90), kind)
    there = int(share * len(whole))
    with pytest.raises(PictureRefused, match="broken or cut off") as refused:
        read_photo(whole[:there] + bytes(len(whole) - there))
    assert refused.value.looks_cut_off


@pytest.mark.ci
@pytest.mark.parametrize("colour", ["white", "black"])
@pytest.mark.parametrize("side", [200, 3000])
def test_a_picture_of_one_colour_is_not_taken_for_a_broken_one(colour: str, side: int) -> None:
    assert read_photo(file(Image.new("RGB", (side, side), colour), "WEBP")).size == (side, side)


def test_of_a_webp_that_has_lost_a_part_of_its_pixels_none_are_taken() -> None:
    whole = in_webp()
    lost = bytearray(whole)
    at = whole.index(b"VP8 ") + 4
    lost[at : at + 4] = (10**6).to_bytes(4, "little")
    with pytest.raises(PictureRefused):
        read_photo(bytes(lost))
