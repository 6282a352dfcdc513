"""One face, and what may befall it."""

import io
from functools import cache

from PIL import Image, ImageDraw, ImageFilter

from tagbot.photos.cropping import crop_face
from tagbot.photos.pixels import Photo
from tests import world

MIDDLE = (world.FACE.left + world.FACE.width / 2, world.FACE.top + world.FACE.height / 2)
"""Of the face."""


@cache
def astronaut() -> Image.Image:
    """The photograph of one person, 512 × 512, with a face of 91 pixels at `tests.world.FACE`."""
    return Image.open(io.BytesIO(world.astronaut())).convert("RGB")


def crop_of(image: Image.Image) -> bytes:
    """The crop of her face, wherever in the world she is."""
    return crop_face(Photo(image), world.FACE, [])


def turned(degrees: float) -> Image.Image:
    """Around the middle of the face, clockwise."""
    return astronaut().rotate(-degrees, Image.Resampling.BICUBIC, center=MIDDLE)


def masked() -> Image.Image:
    """The lower half of the face covered."""
    image = astronaut().copy()
    ImageDraw.Draw(image).rectangle((182, 122, 262, 175), fill=(210, 225, 235))
    return image


def darkened(share: float) -> Image.Image:
    """With so much of its light."""
    return astronaut().point(lambda value: round(value * share))


def blurred(radius: float) -> Image.Image:
    """Out of focus."""
    return astronaut().filter(ImageFilter.GaussianBlur(radius))
