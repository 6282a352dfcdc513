import os
import resource
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from tagbot.photos.pictures import (
    CROP_MAX_SIDE,
    CROP_MIN_SIDE,
    MAX_BYTES,
    Photo,
    PictureRefused,
    Rectangle,
    Size,
    context_area,
    context_picture,
    crop_area,
    crop_face,
    read_photo,
    stored_photo,
)

ROOT = Path(__file__).parents[2]
RED, WHITE = (255, 0, 0), (255, 255, 255)


def file(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def image_in(jpeg: bytes) -> Image.Image:
    image = Image.open(BytesIO(jpeg))
    assert image.format == "JPEG"
    image.load()
    return image


def noise(width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), os.urandom(width * height * 3))


def gradient() -> Image.Image:
    return Image.linear_gradient("L").convert("RGB").resize((60, 40))


def colour_at(photo: Photo, x: int, y: int) -> tuple[int, ...]:
    start = 3 * (y * photo.size.width + x)
    return tuple(photo.rgb()[start : start + 3])


def close(colour: tuple[int, ...], to: tuple[int, ...]) -> bool:
    return all(abs(one - other) < 40 for one, other in zip(colour, to, strict=True))


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    """A real photo of a person, 512 pixels square."""
    spec = find_spec("skimage")
    assert spec
    assert spec.submodule_search_locations
    return (Path(spec.submodule_search_locations[0]) / "data" / "astronaut.png").read_bytes()


# --- Reading -----------------------------------------------------------------------------------------------


@pytest.mark.rule("picture-formats")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_jpeg_png_and_webp_are_read(kind: str) -> None:
    photo = read_photo(file(Image.new("RGB", (30, 20), RED), kind))
    assert photo.size == (30, 20)
    assert close(colour_at(photo, 15, 10), RED)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png_of_every_mode_becomes_rgb(mode: str) -> None:
    image = Image.new(mode, (30, 20), "white" if mode != "I;16" else 65535)
    assert colour_at(read_photo(file(image, "PNG")), 3, 3) == WHITE


def test_sixteen_bits_of_grey_are_scaled_and_not_cut() -> None:
    photo = read_photo(file(Image.new("I;16", (30, 20), 128 * 256), "PNG"))
    assert colour_at(photo, 3, 3) == (128, 128, 128)


def test_cmyk_becomes_rgb() -> None:
    photo = read_photo(file(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "JPEG", quality=95))
    assert close(colour_at(photo, 3, 3), RED)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparent_pixels_become_white(kind: str) -> None:
    image = Image.new("RGBA", (30, 20), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (0, 0, 10, 20))
    photo = read_photo(file(image, kind, lossless=True))
    assert colour_at(photo, 5, 5) == RED
    assert colour_at(photo, 25, 5) == WHITE


def test_the_transparent_colour_of_a_palette_becomes_white() -> None:
    image = Image.new("P", (30, 20), 1)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(0, (0, 0, 10, 20))
    photo = read_photo(file(image, "PNG", transparency=1))
    assert colour_at(photo, 5, 5) == RED
    assert colour_at(photo, 25, 5) == WHITE


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


@pytest.mark.rule("stored-without-exif")
def test_nothing_but_pixels_is_stored() -> None:
    secret = b"a secret in the file"
    exif = Image.Exif()
    exif[0x010E] = secret.decode()
    exif.get_ifd(0x8825)[0x1D] = secret.decode()  # GPS
    png_text = PngInfo()
    png_text.add_text("Comment", secret.decode())
    jpeg = file(gradient(), "JPEG", exif=exif, comment=secret, icc_profile=secret, xmp=secret)
    png = file(gradient(), "PNG", exif=exif, icc_profile=secret, pnginfo=png_text)
    webp = file(gradient(), "WEBP", exif=exif, icc_profile=secret, xmp=secret)
    assert jpeg.count(secret) >= 4
    for data in (jpeg, png, webp):
        photo = read_photo(data)
        face = Rectangle(5, 5, 20, 20)
        for stored in (stored_photo(photo), crop_face(photo, face, []), context_picture(photo, face)):
            assert secret not in stored
            assert not {"exif", "icc_profile", "comment", "xmp"} & set(image_in(stored).info)


# --- Refusing ----------------------------------------------------------------------------------------------


@pytest.mark.rule("picture-formats", "bad-photo-refused")
@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (b"", "empty"),
        (b"a letter to my mother", "not a picture"),
        (b"\0" * 1000, "not a picture"),
        (b"GIF89a" + bytes(50), "GIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(50), "HEIC"),
        (b"\0\0\0\x18ftypavif" + bytes(50), "AVIF"),
        (b"\0\0\0\x18ftypisom" + bytes(50), "video"),
        (b"II*\0" + bytes(50), "TIFF"),
        (b"BM" + bytes(50), "BMP"),
        (b"%PDF-1.7", "PDF"),
        (b"\xff\xd8\xff\xe0", "JPEG is broken"),
        (b"\x89PNG\r\n\x1a\n", "PNG is broken"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP is broken"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_hint(data: bytes, hint: str) -> None:
    with pytest.raises(PictureRefused, match=hint):
        read_photo(data)


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


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=300)
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


def test_reading_pictures_imports_no_library_that_it_does_not_need() -> None:
    program = "import sys, tagbot.photos.pictures; print({'numpy', 'dlib'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == "set()\n"


# --- Cutting -----------------------------------------------------------------------------------------------


@st.composite
def pictures_with_faces(draw: st.DrawFn) -> tuple[Size, list[Rectangle]]:
    size = Size(draw(st.integers(1, 900)), draw(st.integers(1, 900)))
    faces = []
    for _ in range(draw(st.integers(1, 4))):
        left, top = draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))
        width, height = (
            draw(st.integers(1, size.width - left)),
            draw(st.integers(1, size.height - top)),
        )
        faces.append(Rectangle(left, top, width, height))
    return size, faces


@pytest.mark.rule("crop-size")
@given(pictures_with_faces())
def test_the_crop_holds_the_face_and_no_more_of_others_than_the_face_does(
    drawn: tuple[Size, list[Rectangle]],
) -> None:
    size, (face, *others) = drawn
    area = crop_area(size, face, others)
    assert area.inside(size)
    assert area.overlap(face) == face.width * face.height
    for other in others:
        assert area.overlap(other) == face.overlap(other)


@pytest.mark.rule("crop-size")
@settings(max_examples=60)
@given(pictures_with_faces())
def test_the_crop_is_a_jpeg_of_a_size_that_rekognition_takes(drawn: tuple[Size, list[Rectangle]]) -> None:
    size, (face, *others) = drawn
    photo = Photo(Image.new("RGB", size, "grey"))
    jpeg = crop_face(photo, face, others)
    crop = image_in(jpeg)
    assert min(crop.size) >= CROP_MIN_SIDE
    assert max(crop.size) <= CROP_MAX_SIDE
    assert not crop.getexif()
    assert jpeg == crop_face(photo, face, others)


@pytest.mark.rule("context-picture")
@settings(max_examples=60)
@given(pictures_with_faces())
def test_the_context_picture_shows_the_face_and_is_small(drawn: tuple[Size, list[Rectangle]]) -> None:
    size, (face, *_) = drawn
    area = context_area(size, face)
    assert area.inside(size)
    assert area.overlap(face) == face.width * face.height
    picture = image_in(context_picture(Photo(Image.new("RGB", size, "grey")), face))
    assert max(picture.size) <= 1000
    assert not picture.getexif()


@pytest.mark.rule("crop-size")
def test_the_crop_has_half_a_face_of_margin_on_each_side() -> None:
    assert crop_area(Size(1000, 1000), Rectangle(400, 300, 100, 200), []) == Rectangle(350, 200, 200, 400)


def test_the_margin_ends_at_the_border() -> None:
    assert crop_area(Size(500, 500), Rectangle(0, 390, 100, 100), []) == Rectangle(0, 340, 150, 160)


def test_a_small_face_is_widened_before_it_is_enlarged() -> None:
    assert crop_area(Size(500, 500), Rectangle(200, 200, 30, 30), []) == Rectangle(175, 175, 80, 80)
    assert crop_area(Size(500, 500), Rectangle(0, 470, 30, 30), []) == Rectangle(0, 420, 80, 80)
    assert image_in(crop_face(Photo(noise(40, 50)), Rectangle(5, 5, 30, 30), [])).size == (80, 100)


def test_the_margin_towards_a_neighbour_shrinks_and_the_others_stay() -> None:
    face, neighbour = Rectangle(400, 400, 100, 100), Rectangle(520, 380, 100, 100)
    assert crop_area(Size(1000, 1000), face, [neighbour]) == Rectangle.between(350, 350, 520, 550)


@pytest.mark.rule("crop-size")
def test_the_largest_crop_of_the_worst_picture_is_below_5_mb() -> None:
    crop = crop_face(Photo(noise(2000, 2000)), Rectangle(0, 0, 2000, 2000), [])
    assert image_in(crop).size == (1024, 1024)
    assert len(crop) <= 5_000_000


def test_a_photo_of_noise_is_stored_so_that_it_can_be_read_again() -> None:
    noisy = noise(500, 500).resize((5000, 5000), Image.Resampling.NEAREST)
    assert read_photo(stored_photo(Photo(noisy))).size == (5000, 5000)


@pytest.mark.rule("context-picture")
def test_the_context_of_a_small_face_is_zoomed_in() -> None:
    area = context_area(Size(5000, 4000), Rectangle(2000, 2000, 100, 80))
    assert (area.width, area.height) == (450, 450)
    assert context_area(Size(300, 200), Rectangle(10, 10, 100, 80)) == Rectangle(0, 0, 300, 200)


@pytest.mark.rule("context-picture")
@pytest.mark.parametrize("ground", ["black", "white", "grey", "red"])
@pytest.mark.parametrize("face", [Rectangle(0, 0, 100, 100), Rectangle(400, 300, 90, 120)])
def test_the_mark_is_dark_and_light_on_any_ground(ground: str, face: Rectangle) -> None:
    image = Image.new("RGB", (1000, 800), ground)
    picture = image_in(context_picture(Photo(image), face)).convert("L")
    row = 20 if face.top == 0 else picture.height // 2
    greys = picture.crop((0, row, picture.width, row + 1)).tobytes()
    assert min(greys) < 40
    assert max(greys) > 215


@pytest.mark.rule("context-picture")
def test_the_face_itself_is_left_unmarked() -> None:
    photo = Photo(Image.new("RGB", (1000, 1000), "red"))
    picture = context_picture(photo, Rectangle(450, 450, 100, 100))
    shown = read_photo(picture)
    assert shown.size == (480, 480)
    inside, outside = 186, 182  # the face begins at 450 - 275 of 450 pixels, which are shown as 480
    assert close(colour_at(shown, inside + 6, 240), (255, 0, 0))
    assert not close(colour_at(shown, outside, 240), (255, 0, 0))


def test_a_rectangle_outside_the_picture_is_told() -> None:
    size = Size(100, 50)
    assert Rectangle(0, 0, 100, 50).inside(size)
    for outside in (
        Rectangle(-1, 0, 10, 10),
        Rectangle(0, -1, 10, 10),
        Rectangle(91, 0, 10, 10),
        Rectangle(0, 41, 10, 10),
        Rectangle(0, 0, 0, 10),
        Rectangle(0, 0, 10, -5),
    ):
        assert not outside.inside(size)


@pytest.mark.rule("same-bytes-each-attempt")
def test_the_same_photo_gives_the_same_bytes(astronaut: bytes) -> None:
    face, other = Rectangle(175, 76, 91, 91), Rectangle(300, 100, 80, 80)
    one, again = read_photo(astronaut), read_photo(astronaut)
    ImageDraw.Draw(again.image.copy()).point((0, 0), "red")
    assert crop_face(one, face, [other]) == crop_face(again, face, [other])
    assert context_picture(one, face) == context_picture(again, face)
    assert stored_photo(one) == stored_photo(again)
