"""The limits of a photo: they hold before anything is decoded."""

import resource
import time
import zlib

import pytest
from PIL import Image

from tagbot.photos.decoding import read_photo
from tagbot.photos.photo_limits import MAX_BYTES
from tagbot.photos.picture_refused import PictureRefused
from tagbot.photos.stored_photo import stored_photo
from tests.photos.images import file, gradient


@pytest.mark.rule("bad-photo-refused")
def test_a_file_over_20_mb_is_refused_unread() -> None:
    picture = file(gradient(), "JPEG")
    read_photo(picture + bytes(MAX_BYTES - len(picture)))
    with pytest.raises(PictureRefused, match="limit of 20 MB"):
        read_photo(picture + bytes(MAX_BYTES - len(picture) + 1))


@pytest.mark.rule("bad-photo-refused")
def test_the_limit_is_25_megapixels() -> None:
    assert read_photo(file(Image.new("1", (5000, 5000)), "PNG")).size == (5000, 5000)
    with pytest.raises(PictureRefused, match=r"5001 . 5000 pixels are over the limit of 25 megapixels"):
        read_photo(file(Image.new("1", (5001, 5000)), "PNG"))


def test_a_side_that_no_jpeg_can_have_is_refused() -> None:
    assert stored_photo(read_photo(file(Image.new("1", (65_500, 1)), "PNG")))
    with pytest.raises(PictureRefused, match="for one side"):
        read_photo(file(Image.new("1", (65_501, 1)), "PNG"))


def chunk(name: bytes, content: bytes) -> bytes:
    checked = name + content
    return len(content).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")


def bomb(side: int) -> bytes:
    """A PNG that says it has that many pixels squared, of one bit each, packed a thousandfold."""
    header = side.to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    pixels = zlib.compress(bytes(10_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.rule("bad-photo-refused")
@pytest.mark.parametrize("side", [9_000, 60_000])
def test_a_bomb_is_refused_at_once_and_in_little_memory(side: int) -> None:
    data = bomb(side)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    with pytest.raises(PictureRefused, match="megapixels"):
        read_photo(data)
    assert time.perf_counter() - start < 0.1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
