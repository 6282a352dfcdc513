"""Pictures for the tests: made, and looked at."""

import os
from io import BytesIO
from typing import Any

from hypothesis import strategies as st
from PIL import Image

from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle, Size

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


def endless(scans: int = 3_000) -> bytes:
    """A progressive JPEG of 200 KB that refines 25 megapixels of grey so often: a minute of work."""
    plain = file(Image.new("L", (5000, 5000), 128), "JPEG", progressive=True)
    scan = plain[plain.rindex(b"\xff\xda") : -2]
    return plain[:-2] + scan * scans + plain[-2:]
