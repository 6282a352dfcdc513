"""Pixels, decoded: the door to Pillow, which no other file imports."""

import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont, features
from PIL.AvifImagePlugin import AvifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from tagbot.photos.heic_decoder import heic_picture
from tagbot.photos.photo_limits import MAX_BYTES
from tagbot.photos.picture_refused import HINTS, PictureRefused
from tagbot.photos.rectangle import Rectangle, Size

QUALITIES = (92, 75, 50)
"""Of JPEGs, first choice first. 92 changes no face vector by more than 0.03 (of the 0.6 that tell persons
apart); the others are for 25 megapixels of noise, which must stay below `MAX_BYTES`."""

REDUCING_GAP = 2.0
"""What is to be four times smaller is brought to twice its size first, quickly: for 500 faces that fill 25
megapixels, that is a matter of minutes.
"""


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded picture: upright, RGB, without metadata. `tagbot.photos.decoding` makes it."""

    image: Image.Image

    @classmethod
    def of_rgb(cls, size: Size, rgb: bytes) -> "Photo":
        """From its pixels row by row, three bytes each."""
        return cls(Image.frombytes("RGB", size, rgb))

    @property
    def size(self) -> Size:
        """Of the upright picture."""
        return Size(*self.image.size)

    def rgb(self) -> bytes:
        """Its pixels row by row, three bytes each."""
        return self.image.tobytes()

    def cut(self, area: Rectangle) -> "Photo":
        """That part of it."""
        return Photo(self.image.crop((area.left, area.top, area.right, area.bottom)))

    def resized(self, size: Size) -> "Photo":
        """The same picture in that size."""
        return (
            self
            if self.size == size
            else Photo(self.image.resize(size, Image.Resampling.LANCZOS, reducing_gap=REDUCING_GAP))
        )

    def scaled(self, factor: float) -> "Photo":
        """The same picture in another size, of at least one pixel."""
        return self.resized(Size(*(max(1, round(side * factor)) for side in self.size)))

    def shrunk(self, size: Size) -> "Photo":
        """The same picture in a smaller size, quickly: for a network, not for people."""
        smooth = Image.Resampling.BILINEAR
        return self if self.size == size else Photo(self.image.resize(size, smooth, reducing_gap=1.0))

    def turned(self, degrees: float, middle: tuple[float, float]) -> "Photo":
        """The same picture turned anticlockwise around a point, in the same size; black where nothing was."""
        return Photo(self.image.rotate(degrees, Image.Resampling.BICUBIC, center=middle))

    def framed(self, frames: Iterable[tuple[Rectangle, str, int]]) -> "Photo":
        """The same picture with frames: each the outline of a rectangle, in a colour, so many pixels wide."""
        image = self.image.copy()
        draw = ImageDraw.Draw(image)
        for box, colour, width in frames:
            if min(box.width, box.height) > 0:
                edges = (box.left, box.top, box.right - 1, box.bottom - 1)
                draw.rectangle(edges, outline=colour, width=width)
        return Photo(image)

    def with_picture(self, other: "Photo", left: int, top: int) -> "Photo":
        """The same picture with another one laid upon it, whose corner is there."""
        image = self.image.copy()
        image.paste(other.image, (left, top))
        return Photo(image)

    def labelled(self, text: str, left: int, top: int, height: int) -> "Photo":
        """The same picture with a sign of that height, whose corner is there: white on black, with a white
        edge.
        """
        image = self.image.copy()
        draw = ImageDraw.Draw(image)
        font = ImageFont.load_default(height * 0.75)
        width = max(height, round(draw.textlength(text, font)) + height // 2)
        edge = max(2, height // 16)
        box = (left, top, left + width - 1, top + height - 1)
        draw.rectangle(box, fill="black", outline="white", width=edge)
        draw.text((left + width / 2, top + height / 2), text, fill="white", font=font, anchor="mm")
        return Photo(image)

    def jpeg(self) -> bytes:
        """Without metadata: Pillow writes only what it is told to, and `plain_rgb` left no comment."""
        for quality in QUALITIES:
            out = BytesIO()
            self.image.save(out, "JPEG", quality=quality)
            if out.tell() <= MAX_BYTES:
                break
        return out.getvalue()


def blank(size: Size) -> Photo:
    """A white picture."""
    return Photo(Image.new("RGB", size, "white"))


# The plugins by name instead of Image.open: nothing else is ever tried on a stranger's bytes, and its limit
# (it only warns from 89 to 179 megapixels) gives way to ours. JpegImageFile takes a phone's MPO for the JPEG
# that it begins with.
OPENERS: dict[str, type[ImageFile]] = {
    "jpeg": JpegImageFile,
    "png": PngImageFile,
    "webp": WebPImageFile,
    "avif": AvifImageFile,
}

# Pillow's errors about broken or hostile bytes. The first six were seen on a million damaged files; its
# decoders can raise the others too.
BROKEN = (
    OSError,  # cut off, or the decoder gave up
    SyntaxError,  # a header that is none; ImageFile turns IndexError, KeyError, TypeError, EOFError into it
    ValueError,  # a PNG chunk that is too short, or too large when unpacked
    EOFError,  # a WebP frame that cannot be decoded
    Image.DecompressionBombError,  # a WebP over 179 megapixels: Pillow would allocate its canvas at once
    struct.error,  # a header that ends early
    IndexError,  # a segment shorter than it says
    OverflowError,  # a number in a header that fits no C integer
    zlib.error,  # a PNG's pixels
    RuntimeError,  # an AVIF that libavif cannot use
)

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF orientation (EXIF 2.3, tag 274): the turn that makes the picture upright. 1 is upright."""


def decoded(kind: str, data: bytes, check_size: Callable[[Size], None]) -> Image.Image:
    """The picture in a file of that kind; `check_size` sees its size before anything is decoded.

    A HEIC comes as it is to be seen, any other as it is stored. Raises one of `BROKEN`, and `PictureRefused`
    where there is no decoder.
    """
    if kind == "heic":
        return _heic(data, check_size)
    if kind == "avif" and not features.check("avif"):
        raise PictureRefused(HINTS["no_avif"])
    with OPENERS[kind](BytesIO(data)) as image:
        check_size(Size(*image.size))
        image.load()
        return image


def _heic(data: bytes, check_size: Callable[[Size], None]) -> Image.Image:
    with heic_picture(data) as picture:
        check_size(picture.size)
        mode, size, rows, stride = picture.pixels()
        image = Image.frombytes(mode, size, rows, "raw", mode, stride)
    return image.convert("LA") if mode == "La" else image  # from which alone Pillow goes on


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """Turned as EXIF says."""
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def plain_rgb(image: Image.Image) -> Image.Image:
    """The same pixels as RGB, transparent ones on white, with nothing else."""
    if image.mode.startswith(("I", "F")):
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")  # 16 bits to 8
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        image = Image.new("RGB", image.size, "white")
        image.paste(colours, mask=colours.getchannel("A"))
    image = image.convert("RGB")
    # Pillow writes a JPEG's comment again from here.
    image.info = {}
    return image
