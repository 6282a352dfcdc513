"""The kind of a file, and whether it looks cut off: zeros may be what has not come yet."""

import struct
from io import BytesIO

import pytest
from PIL import Image

from tagbot.photos.decoding import read_photo
from tagbot.photos.file_kind import is_no_beginning
from tagbot.photos.picture_refused import PictureRefused
from tests.world import astronaut


def saved(kind: str, **how: object) -> bytes:
    out = BytesIO()
    Image.open(BytesIO(astronaut())).convert("RGB").save(out, kind, **how)
    return out.getvalue()


def with_thumbnail() -> bytes:
    """A JPEG whose EXIF holds a whole JPEG of its own."""
    content = b"Exif\0\0" + saved("JPEG", quality=10)
    assert content.endswith(b"\xff\xd9")
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(content) + 2) + content + saved("JPEG")[2:]


WHOLE = {
    "a JPEG": ("jpeg", saved("JPEG")),
    "a progressive one": ("jpeg", saved("JPEG", progressive=True)),
    "with a thumbnail": ("jpeg", with_thumbnail()),
    "zeros behind a JPEG's end": ("jpeg", saved("JPEG") + bytes(70_000)),
    "a PNG": ("png", astronaut()),
    "zeros behind a PNG's end": ("png", astronaut() + bytes(70_000)),
    "a WebP": ("webp", saved("WEBP")),
    "a lossless one": ("webp", saved("WEBP", lossless=True)),
    "zeros behind a WebP's end": ("webp", saved("WEBP") + bytes(70_000)),
    "zeros in a WebP's metadata": ("webp", saved("WEBP", exif=b"Exif\0\0" + bytes(5000))),
}


@pytest.mark.rule("arriving-not-broken")
@pytest.mark.parametrize("what", WHOLE)
def test_a_whole_photo_does_not_look_cut_off(what: str) -> None:
    _, photo = WHOLE[what]
    read_photo(photo)


@pytest.mark.rule("bad-photo-refused")
@pytest.mark.parametrize("what", [what for what in WHOLE if "zeros" not in what])
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("zeros", [False, True])
def test_one_that_lacks_its_end_does(what: str, share: float, zeros: bool) -> None:
    _, photo = WHOLE[what]
    there = round(len(photo) * share)
    part = photo[:there] + bytes(len(photo) - there if zeros else 0)
    with pytest.raises(PictureRefused) as why:
        read_photo(part)
    assert why.value.looks_cut_off


@pytest.mark.parametrize("data", [b"", b"\xff", bytes(10), bytes(5000)])
def test_of_a_file_that_has_hardly_begun_nobody_can_tell_the_kind(data: bytes) -> None:
    assert is_no_beginning(data)
