"""Pixels: whatever the file has, they are RGB, and nothing else is kept of it."""

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tagbot.photos.context_picture import context_picture
from tagbot.photos.cropping import crop_face
from tagbot.photos.decoding import read_photo
from tagbot.photos.rectangle import Rectangle
from tagbot.photos.stored_photo import stored_photo
from tests.photos.images import RED, WHITE, close, colour_at, file, gradient, image_in


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
