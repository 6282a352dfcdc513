"""Pictures: decoding within limits, cutting out faces. The only importer of Pillow."""

import math
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, Self

from PIL import ExifTags, Image, ImageDraw
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

MAX_BYTES = 20_000_000
"""Of a photo as it comes: the contract's 20 MB."""

MAX_PIXELS = 25_000_000
"""Of a photo as it comes: the contract's 25 megapixels, 75 MB once decoded."""

MAX_BYTES_SENT = 5_242_880
"""Of a picture that Rekognition takes as bytes: 5 MB in its sense."""

MAX_SIDE = 65_500
"""Of a photo as it comes, in pixels: libjpeg writes no longer side (JPEG_MAX_DIMENSION)."""

CROP_MARGIN = 0.5
"""Of the face's width on its left and right, of its height above and below: what Rekognition's guide and
dlib's aligned chip both want to see around a face."""

CROP_MIN_SIDE = 80
"""Pixels: Rekognition refuses pictures with a shorter side."""

CROP_MAX_SIDE = 1024
"""Pixels. A face of half that is more than any recogniser looks at, and no JPEG of this size reaches
Rekognition's 5 MB: noise, the worst case, has 1 MB."""

CONTEXT_ZOOM = 4.5
"""How many times the face's longer side the context picture shows: enough to see clothes and company."""

CONTEXT_MAX_SIDE = 1000
"""Pixels: what Slack shows without scaling down."""

CONTEXT_MIN_SIDE = 480
"""Pixels of the longer side: below that, Slack shows a stamp in which nobody is known."""

QUALITIES = (92, 75, 50)
"""Of JPEGs, first choice first. 92 changes no face vector by more than 0.03 (of the 0.6 that tell persons
apart); the others are for 25 megapixels of noise, which must stay below `MAX_BYTES`."""


class PictureRefused(Exception):  # noqa: N818 - it names the outcome, as Reject and Retry do
    """The bytes are no photo that we take."""

    def __init__(self, reason: str) -> None:
        """`reason` is in plain words for whoever put the file there."""
        super().__init__(reason)
        self.reason = reason


class Size(NamedTuple):
    """Of a picture, in pixels."""

    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a picture, in pixels counted after its EXIF orientation was applied."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def between(cls, left: int, top: int, right: int, bottom: int) -> Self:
        """The one from its first pixel to the one after its last, as Pillow and dlib count."""
        return cls(left, top, right - left, bottom - top)

    @property
    def right(self) -> int:
        """The first column that is not in it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row that is not in it."""
        return self.top + self.height

    def inside(self, size: Size) -> bool:
        """Whether it holds at least a pixel and lies within a picture of that size."""
        return (
            min(self.left, self.top) >= 0
            and min(self.width, self.height) > 0
            and self.right <= size.width
            and self.bottom <= size.height
        )

    def overlap(self, other: "Rectangle") -> int:
        """The pixels that are in both."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(width, 0) * max(height, 0)


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded picture: upright, RGB, without metadata. `read_photo` makes it."""

    image: Image.Image

    @property
    def size(self) -> Size:
        """Of the upright picture."""
        return Size(*self.image.size)

    def rgb(self) -> bytes:
        """Its pixels row by row, three bytes each."""
        return self.image.tobytes()

    def scaled(self, factor: float) -> "Photo":
        """The same picture in another size, of at least one pixel."""
        return Photo(_resized(self.image, Size(*(max(1, round(side * factor)) for side in self.size))))


# --- Reading -----------------------------------------------------------------------------------------------

# The plugins by name instead of Image.open: nothing else is ever tried on a stranger's bytes, and its limit
# (it only warns from 89 to 179 megapixels) gives way to ours. JpegImageFile takes a phone's MPO for the JPEG
# that it begins with.
OPENERS: dict[str, type[ImageFile]] = {"jpeg": JpegImageFile, "png": PngImageFile, "webp": WebPImageFile}

# What Pillow raises on broken or hostile bytes. The first six were seen on a million damaged files; its
# decoders can raise the others too.
BROKEN = (
    OSError,  # cut off, or the decoder gave up
    SyntaxError,  # a header that is none; ImageFile turns IndexError, KeyError, TypeError, EOFError into it
    ValueError,  # a PNG chunk that is too short, or too large when unpacked
    EOFError,  # a WebP frame that cannot be decoded
    Image.DecompressionBombError,  # a WebP over 179 megapixels: Pillow would allocate its canvas at once
    struct.error,  # EXIF that ends early
    IndexError,  # a segment shorter than it says
    OverflowError,  # a number in a header that fits no C integer
    zlib.error,  # a PNG's compressed text or profile
)


def bytes_of(path: Path) -> bytes:
    """What a file holds; of one that is too large, just so much that `read_photo` sees it."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def read_photo(data: bytes) -> Photo:
    """The photo in a JPEG, PNG or WebP file; of an animated one, the first picture.

    Raises `PictureRefused`. Nothing is decoded before size and format are known to be within the limits.
    """
    kind = file_kind(data)
    if kind not in OPENERS:
        raise PictureRefused(HINTS[kind])
    if len(data) > MAX_BYTES:
        raise PictureRefused(f"the file is over the limit of {MAX_BYTES // 1_000_000} MB")
    try:
        with OPENERS[kind](BytesIO(data)) as image:
            _check_size(Size(*image.size))
            image.load()
            if ENDS.get(kind, b"") not in data:
                raise EOFError("Pillow minds no missing end once it has all pixels")
            turned = _upright(image)
    except BROKEN as why:
        raise PictureRefused(f"the {NAMES[kind]} is broken or cut off") from why
    return Photo(_plain_rgb(turned))


def _check_size(size: Size) -> None:
    if size.width * size.height > MAX_PIXELS:
        limit = MAX_PIXELS // 1_000_000
        raise PictureRefused(f"{size.width} × {size.height} pixels are over the limit of {limit} megapixels")
    if max(size) > MAX_SIDE:
        raise PictureRefused(f"{max(size)} pixels are over the limit of {MAX_SIDE} for one side")


ENDS = {"png": b"IEND\xaeB`\x82", "jpeg": b"\xff\xd9"}
"""What every file of a kind ends with: a PNG's last chunk with its checksum, a JPEG's last marker, which
stands nowhere in a picture's data. More may follow.
"""

NAMES = {"jpeg": "JPEG", "png": "PNG", "webp": "WebP"}

TAKEN = "only JPEG, PNG and WebP are taken"
HINTS = {
    "empty": "the file is empty",
    "gif": f"this is a GIF; {TAKEN}: save the picture that you mean as PNG or JPEG",
    "heic": f"this is a HEIC; {TAKEN}: export it as JPEG "
    "(on an iPhone: Settings, Camera, Formats, Most Compatible)",
    "avif": f"this is an AVIF; {TAKEN}: export it as JPEG",
    "tiff": f"this is a TIFF or a camera's raw file; {TAKEN}: export it as JPEG",
    "bmp": f"this is a BMP; {TAKEN}: save it as PNG",
    "pdf": f"this is a PDF; {TAKEN}: export the photo from it as JPEG",
    "video": f"this is a video; {TAKEN}: save the picture that you mean as JPEG",
    "unknown": f"this is not a picture that we can read; {TAKEN}",
}
"""By kind of file: what to do instead."""

MAGIC = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"BM", "bmp"),
    (b"%PDF", "pdf"),
)
BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"mif1", b"msf1"), "heic"),
    **dict.fromkeys((b"avif", b"avis"), "avif"),
}
"""Of ISO media files: the four bytes after `ftyp`; the others are videos."""


def file_kind(data: bytes) -> str:
    """A key of `OPENERS` or of `HINTS`, from the first bytes: names and suffixes of files are not asked."""
    if not data:
        return "empty"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return BRANDS.get(data[8:12], "video")
    return next((kind for magic, kind in MAGIC if data.startswith(magic)), "unknown")


UPRIGHT = 1
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF orientation (EXIF 2.3, tag 274): what makes the picture upright."""


def _upright(image: Image.Image) -> Image.Image:
    turn = TURNS.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def _orientation(image: Image.Image) -> int:
    """As EXIF has it; upright where EXIF is missing or broken, which spoils no picture."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    except BROKEN:
        return UPRIGHT
    return orientation if isinstance(orientation, int) else UPRIGHT


def _plain_rgb(image: Image.Image) -> Image.Image:
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


# --- Writing -----------------------------------------------------------------------------------------------


def stored_photo(photo: Photo) -> bytes:
    """The whole photo as a JPEG that `read_photo` takes again."""
    return _jpeg(photo.image)


def fitted(picture: bytes) -> bytes:
    """A JPEG as a backend takes it: smaller where it has more than `MAX_BYTES_SENT`."""
    photo = read_photo(picture) if len(picture) > MAX_BYTES_SENT else None
    while photo is not None and len(picture) > MAX_BYTES_SENT:
        photo = photo.scaled(0.7)
        picture = _jpeg(photo.image)
    return picture


def crop_face(photo: Photo, rectangle: Rectangle, others: Iterable[Rectangle]) -> bytes:
    """One face with some surroundings: the JPEG for the training backend and for Slack.

    `others` are the other faces in the photo, of which it shows no more than lies within `rectangle`. It has
    `CROP_MIN_SIDE` to `CROP_MAX_SIDE` pixels on either side. The same arguments give the same bytes.
    """
    area = crop_area(photo.size, rectangle, others)
    return _jpeg(_resized(_cut(photo.image, area), _crop_size(Size(area.width, area.height))))


def crop_area(size: Size, rectangle: Rectangle, others: Iterable[Rectangle]) -> Rectangle:
    """What `crop_face` shows of a photo of that size."""
    left, right = _with_margin(rectangle.left, rectangle.right, size.width)
    top, bottom = _with_margin(rectangle.top, rectangle.bottom, size.height)
    area = Rectangle.between(left, top, right, bottom)
    for other in others:
        area = _without(area, rectangle, other)
    return area


def _with_margin(low: int, high: int, limit: int) -> tuple[int, int]:
    """The range with its margins, within 0 and `limit`; slid where a border leaves less than the minimum."""
    length = high - low
    margin = max(math.ceil(length * CROP_MARGIN), math.ceil((CROP_MIN_SIDE - length) / 2))
    start, end = max(0, low - margin), min(limit, high + margin)
    if end - start < CROP_MIN_SIDE:
        start = max(0, min(start, limit - CROP_MIN_SIDE))
        end = min(limit, max(end, start + CROP_MIN_SIDE))
    return start, end


def _without(area: Rectangle, face: Rectangle, other: Rectangle) -> Rectangle:
    """The largest part of `area` around `face` that shows no more of `other` than `face` itself does."""
    if area.overlap(other) == face.overlap(other):
        return area
    cuts = [
        Rectangle.between(max(area.left, min(other.right, face.left)), area.top, area.right, area.bottom),
        Rectangle.between(area.left, max(area.top, min(other.bottom, face.top)), area.right, area.bottom),
        Rectangle.between(area.left, area.top, min(area.right, max(other.left, face.right)), area.bottom),
        Rectangle.between(area.left, area.top, area.right, min(area.bottom, max(other.top, face.bottom))),
    ]
    enough = [cut for cut in cuts if cut.overlap(other) == face.overlap(other)]
    if enough:
        return max(enough, key=lambda cut: cut.width * cut.height)
    # The faces overlap and the other one sticks out on several sides: each of them loses its margin.
    return Rectangle.between(
        face.left if other.left < face.left else area.left,
        face.top if other.top < face.top else area.top,
        face.right if other.right > face.right else area.right,
        face.bottom if other.bottom > face.bottom else area.bottom,
    )


def _crop_size(size: Size) -> Size:
    factor = max(CROP_MIN_SIDE / min(size), min(1.0, CROP_MAX_SIDE / max(size)))
    # Clamped one by one: this distorts only what is 13 times as long as wide, which is no face.
    return Size(*(min(max(round(side * factor), CROP_MIN_SIDE), CROP_MAX_SIDE) for side in size))


def context_picture(photo: Photo, rectangle: Rectangle) -> bytes:
    """The surroundings of a face as a JPEG, the face marked; at most `CONTEXT_MAX_SIDE` pixels a side."""
    area = context_area(photo.size, rectangle)
    shown = min(max(CONTEXT_MIN_SIDE, area.width, area.height), CONTEXT_MAX_SIDE)
    factor = shown / max(area.width, area.height)
    size = Size(*(max(1, round(side * factor)) for side in (area.width, area.height)))
    image = _resized(_cut(photo.image, area), size)
    left, top = rectangle.left - area.left, rectangle.top - area.top
    right, bottom = left + rectangle.width, top + rectangle.height
    _mark(image, *(round(edge * factor) for edge in (left, top, right, bottom)))
    return _jpeg(image)


def context_area(size: Size, rectangle: Rectangle) -> Rectangle:
    """What `context_picture` shows: a square around the face, moved and clipped to stay in the photo."""
    wanted = math.ceil(CONTEXT_ZOOM * max(rectangle.width, rectangle.height))
    width, height = min(wanted, size.width), min(wanted, size.height)
    left = rectangle.left + rectangle.width // 2 - width // 2
    top = rectangle.top + rectangle.height // 2 - height // 2
    return Rectangle(
        min(max(left, 0), size.width - width), min(max(top, 0), size.height - height), width, height
    )


def _mark(image: Image.Image, left: int, top: int, right: int, bottom: int) -> None:
    """A white line between two black ones around the face: seen on any ground, and without any colour."""
    line = max(2, round(max(image.size) / 160))  # of which Slack shows a third
    bands = (("black", line), ("white", 2 * line), ("black", line))  # from the outside
    distance = sum(width for _, width in bands)
    # Kept within the picture, so that a face at its border has a mark on all sides.
    left, top = max(left, distance), max(top, distance)
    right, bottom = min(right, image.width - distance), min(bottom, image.height - distance)
    draw = ImageDraw.Draw(image)
    for colour, width in bands:
        box = (left - distance, top - distance, right + distance - 1, bottom + distance - 1)
        if box[0] <= box[2] and box[1] <= box[3]:  # else the picture is narrower than the mark
            draw.rectangle(box, outline=colour, width=width)
        distance -= width


def _cut(image: Image.Image, area: Rectangle) -> Image.Image:
    return image.crop((area.left, area.top, area.right, area.bottom))


def _resized(image: Image.Image, size: Size) -> Image.Image:
    return image if image.size == size else image.resize(size, Image.Resampling.LANCZOS)


def _jpeg(image: Image.Image) -> bytes:
    """Without metadata: Pillow writes only what it is told to, and `_plain_rgb` left no comment."""
    for quality in QUALITIES:
        out = BytesIO()
        image.save(out, "JPEG", quality=quality)
        if out.tell() <= MAX_BYTES:
            break
    return out.getvalue()
