"""The kind of a file, and whether it looks cut off: zeros may be what has not come yet."""

import struct
from collections.abc import Callable
from functools import cache
from io import BytesIO

import pytest
from PIL import Image

from tagbot.photos.decoding import read_photo
from tagbot.photos.file_kind import is_no_beginning
from tagbot.photos.picture_refused import PictureRefused
from tests.world import astronaut


@cache
def saved(kind: str, **how: object) -> bytes:
    out = BytesIO()
    Image.open(BytesIO(astronaut())).convert("RGB").save(out, kind, **how)
    return out.getvalue()


def with_thumbnail() -> bytes:
    """A JPEG whose EXIF holds a whole JPEG of its own."""
    content = b"Exif\0\0" + saved("JPEG", quality=10)
    assert content.endswith(b"\xff\xd9")
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(content) + 2) + content + saved("JPEG")[2:]


WHOLE: dict[str, Callable[[], bytes]] = {
    "a JPEG": lambda: saved("JPEG"),
    "a progressive one": lambda: saved("JPEG", progressive=True),
    "with a thumbnail": with_thumbnail,
    "zeros behind a JPEG's end": lambda: saved("JPEG") + bytes(70_000),
    "a PNG": astronaut,
    "zeros behind a PNG's end": lambda: astronaut() + bytes(70_000),
    "a WebP": lambda: saved("WEBP", method=0),
    "a lossless one": lambda: saved("WEBP", lossless=True, method=0),
    "zeros behind a WebP's end": lambda: saved("WEBP", method=0) + bytes(70_000),
    "zeros in a WebP's metadata": lambda: saved("WEBP", method=0, exif=b"Exif\0\0" + bytes(5000)),
}
"""By what it is, how it is made: only where it is needed, as that takes long."""


@pytest.mark.rule("arriving-not-broken")
@pytest.mark.parametrize("what", WHOLE)
def test_a_whole_photo_does_not_look_cut_off(what: str) -> None:
    read_photo(WHOLE[what]())


@pytest.mark.rule("bad-photo-refused")
@pytest.mark.parametrize("what", [what for what in WHOLE if "zeros" not in what])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("zeros", [False, True])
def test_one_that_lacks_its_end_does(what: str, share: float, zeros: bool) -> None:
    photo = WHOLE[what]()
    there = round(len(photo) * share)
    part = photo[:there] + bytes(len(photo) - there if zeros else 0)
    with pytest.raises(PictureRefused) as why:
        read_photo(part)
    assert why.value.looks_cut_off


@pytest.mark.parametrize("data", [b"", b"\xff", bytes(10), bytes(5000)])
def test_of_a_file_that_has_hardly_begun_nobody_can_tell_the_kind(data: bytes) -> None:
    assert is_no_beginning(data)
