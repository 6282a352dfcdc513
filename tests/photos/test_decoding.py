"""Decoding: which files are read, how they are turned, and which are refused as broken."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tagbot.photos.decoding import read_photo
from tagbot.photos.picture_refused import PictureRefused
from tests.photos.images import RED, WHITE, close, colour_at, file, gradient, noise

ROOT = Path(__file__).parents[2]


@pytest.mark.rule("picture-formats")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_jpeg_png_and_webp_are_read(kind: str) -> None:
    photo = read_photo(file(Image.new("RGB", (30, 20), RED), kind))
    assert photo.size == (30, 20)
    assert close(colour_at(photo, 15, 10), RED)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_picture_is_taken(kind: str) -> None:
    first, second = Image.new("RGB", (30, 20), RED), Image.new("RGB", (30, 20), "blue")
    photo = read_photo(file(first, kind, save_all=True, append_images=[second]))
    assert close(colour_at(photo, 5, 5), RED)


def test_of_a_phones_picture_with_several_the_first_is_taken() -> None:
    first, second = Image.new("RGB", (32, 32), RED), Image.new("RGB", (32, 32), "blue")
    photo = read_photo(file(first, "MPO", save_all=True, append_images=[second]))
    assert close(colour_at(photo, 5, 5), RED)


# The corner at which EXIF says that the marked upper left one of the file is to be seen.
CORNERS = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (0, 0), 6: (1, 0), 7: (1, 1), 8: (0, 1)}


@pytest.mark.rule("exif-turn")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", CORNERS)
def test_the_photo_is_upright(orientation: int, kind: str) -> None:
    image = Image.new("RGB", (64, 48), "white")
    image.paste(RED, (0, 0, 16, 16))
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = read_photo(file(image, kind, exif=exif))
    assert photo.size == ((64, 48) if orientation <= 4 else (48, 64))
    right, low = CORNERS[orientation]
    x, y = (photo.size.width - 8 if right else 8), (photo.size.height - 8 if low else 8)
    assert close(colour_at(photo, x, y), RED)
    assert close(colour_at(photo, photo.size.width - x, y), WHITE)


@pytest.mark.parametrize("exif", [b"Exif\0\0MM", b"Exif\0\0nonsense", b"Exif\0\0II*\0\x08\0\0\0\xff\xff"])
@pytest.mark.filterwarnings("ignore:.*EXIF:UserWarning")
def test_broken_exif_spoils_no_photo(exif: bytes) -> None:
    assert read_photo(file(gradient(), "JPEG", exif=exif)).size == (60, 40)


@pytest.mark.rule("bad-photo-refused")
@pytest.mark.parametrize("left", [0.02, 0.1, 0.5, 0.9, 0.99, -10, -1])
@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", {}), ("JPEG", {"progressive": True}), ("PNG", {}), ("WEBP", {}), ("WEBP", {"lossless": True})],
)
def test_what_is_cut_off_is_refused(kind: str, options: dict[str, bool], left: float) -> None:
    whole = file(noise(300, 200), kind, **options)
    read_photo(whole)
    with pytest.raises(PictureRefused, match="broken or cut off"):
        read_photo(whole[: int(left) if left < 0 else int(left * len(whole))])


@pytest.mark.filterwarnings("ignore::UserWarning")
@given(
    kind=st.sampled_from(["JPEG", "PNG", "WEBP"]),
    edits=st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=6)), max_size=5),
)
def test_whatever_the_bytes_are_there_is_a_photo_or_a_refusal(
    kind: str, edits: list[tuple[float, bytes]]
) -> None:
    data = file(gradient(), kind)
    for place, patch in edits:
        at = int(place * len(data))
        data = data[:at] + patch + data[at + 4 :]
    with suppress(PictureRefused):
        assert read_photo(data).rgb()


@pytest.mark.process
def test_reading_pictures_imports_no_library_that_it_does_not_need() -> None:
    program = "import sys, tagbot.photos.decoding; print({'numpy', 'dlib'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "set()\n"
