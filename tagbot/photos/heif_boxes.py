"""The boxes of HEIF files, which HEIC and AVIF are: the main picture, how it is turned, what stands beside.

Laid out by ISO 14496-12 and 23008-12. The decoders read the same boxes; what they do not tell is read here.
"""

import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tagbot.photos.metadata import Essence
from tagbot.photos.photo_limits import check_size
from tagbot.photos.picture_refused import HINTS, PictureRefused
from tagbot.photos.rectangle import Size
from tagbot.photos.webp_chunks import PIXELS_A_ZERO

MOST_ITEMS = 10_000
"""Of a file: a picture of 25 megapixels in tiles of 256 × 256 pixels has 400."""

TILED = frozenset({b"grid", b"iovl", b"iden"})
"""Items that are made of others."""

FULL, LARGE = 4, 1
"""Bytes of version and flags; the size that says that a longer one follows."""

Span = tuple[int, int]
"""Start and end."""


RDF = b"application/rdf+xml"
"""The content type of XMP."""

CODINGS = {b"hvc1": "heic", b"av01": "avif"}
"""By the kind of an item: whose decoder it takes."""

PICTURES = TILED | CODINGS.keys()

NOTHING = b"free"
"""A kind that no decoder knows."""


class NoPicture(ValueError):  # noqa: N818 - it says what is missing
    """There is no main picture; a film, say."""


@dataclass(slots=True)
class Item:
    """A picture, a tile of one, or what stands beside."""

    kind: bytes = b""
    kind_at: int = 0
    content_type: bytes = b""
    spans: list[Span] = field(default_factory=list)
    """Where its bytes are in the file."""
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)
    """Name and content of each, in order."""
    made_of: list[int] = field(default_factory=list)
    describes: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Boxes:
    """The items of a file, by their numbers."""

    items: dict[int, Item]
    primary: int

    def coding(self) -> bytes:
        """Of the main picture: the kind of an item, of one made of tiles that of its first."""
        item = self.items[self.primary]
        for _ in TILED:  # none is nested deeper
            if item.kind in TILED and item.made_of:
                item = self.items.get(item.made_of[0], item)
        return item.kind

    def beside(self) -> Iterator[Item]:
        """Metadata; what is about the main picture comes last."""
        yield from sorted(
            (item for item in self.items.values() if item.kind in (b"Exif", b"mime")),
            key=lambda item: self.primary in item.describes,
        )

    def coded_size(self) -> Size:
        """Of the main picture, before it is clipped and turned; (0, 0) where the file does not tell."""
        for name, content in self.items[self.primary].properties:
            if name == b"ispe" and len(content) >= FULL + 8:
                return Size(*struct.unpack_from(">II", content, FULL))
        return Size(0, 0)

    @property
    def orientation(self) -> int:
        """As EXIF counts, of the turns and mirrors that the main picture is shown by."""
        told = 1
        for name, content in self.items[self.primary].properties:
            if name == b"irot" and content:
                for _ in range(content[0] & 3):
                    told = TURNED_LEFT[told]
            elif name == b"imir" and content:
                told = MIRRORED[content[0] & 1][told]
        return told


TURNED_LEFT = {1: 8, 8: 3, 3: 6, 6: 1, 2: 5, 5: 4, 4: 7, 7: 2}
"""The orientation that another one becomes by a quarter turn more, anticlockwise as `irot` counts."""

MIRRORED = (
    {1: 4, 4: 1, 2: 3, 3: 2, 5: 8, 8: 5, 6: 7, 7: 6},
    {1: 2, 2: 1, 3: 4, 4: 3, 5: 6, 6: 5, 7: 8, 8: 7},
)
"""The same by `imir`: upside down, or left to right."""


def read_boxes(data: bytes) -> Boxes:
    """Raises `ValueError` and `struct.error` where they are broken, `NoPicture` and `PictureRefused`."""
    top = dict(reversed(list(boxes(data, 0, len(data)))))
    if b"mini" in top:
        raise PictureRefused(HINTS["heif_mini"])
    start, end = top.get(b"meta", (0, 0))
    inside = dict(boxes(data, start + FULL, end))
    if b"pitm" not in inside:
        raise NoPicture if b"moov" in top else ValueError("there are no items")
    items: dict[int, Item] = {}
    for read in (_kinds, _spans, _relations, _properties):
        read(data, inside, items)
    at, _ = inside[b"pitm"]
    (primary,) = struct.unpack_from(">I" if data[at] else ">H", data, at + FULL)
    if primary not in items:
        raise ValueError("the main picture is missing")
    return Boxes(items, primary)


def essence_of_heif(data: bytes) -> Essence:
    """The same file, in which the decoders find no metadata: Pillow and libavif refuse pictures for EXIF that
    is broken, and Pillow writes another orientation into it.

    Raises `ValueError` and `struct.error` where it is broken, and `PictureRefused`.
    """
    try:
        found = read_boxes(data)
    except NoPicture:
        raise PictureRefused(HINTS["heif_film"]) from None
    check_size(found.coded_size())
    if (coding := found.coding()) not in CODINGS:
        raise PictureRefused(HINTS["heif"])
    file, xmp = bytearray(data), b""
    for item in found.beside():
        file[item.kind_at : item.kind_at + len(NOTHING)] = NOTHING
        if item.content_type == RDF:
            xmp = b"".join(data[start:end] for start, end in item.spans)
    return Essence(bytes(file), xmp=xmp, coding=CODINGS[coding], turned=found.orientation)


def boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, Span]]:
    """Name of each, and where its content is; up to one that cannot be."""
    while at + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if size == LARGE and at + 16 <= end:
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        after = end if size == 0 else at + size
        if after < start or after > end:
            # Cut off, or no box at all: cameras put bytes of their own behind the last one.
            yield name, (start, end)
            return
        yield name, (start, after)
        at = after


def is_cut_off(data: bytes, size: Size) -> bool:
    """Whether bytes of pictures lie behind the file's end, or zeros are where they should be.

    A picture may end with a few zeros, as a WebP may.
    """
    pictures = [item for item in read_boxes(data).items.values() if item.kind in PICTURES]
    end = max((end for item in pictures for _, end in item.spans), default=0)
    zeros = end - len(data.rstrip(b"\0"))
    return end > len(data) or zeros > 64 + size.width * size.height // PIXELS_A_ZERO


def _kinds(data: bytes, inside: dict[bytes, Span], items: dict[int, Item]) -> None:
    start, end = inside.get(b"iinf", (0, 0))
    first = start + FULL + (4 if start and data[start] else 2)
    for name, (at, after) in boxes(data, first, end):
        version = data[at] if name == b"infe" else 0
        if version < 2 or len(items) >= MOST_ITEMS:
            continue
        number, kind_at = (
            (struct.unpack_from(">H", data, at + 4)[0], at + 8)
            if version == 2
            else (struct.unpack_from(">I", data, at + 4)[0], at + 10)
        )
        words = data[kind_at + 4 : after].split(b"\0")
        items[number] = Item(data[kind_at : kind_at + 4], kind_at, words[1] if len(words) > 1 else b"")


def _spans(data: bytes, inside: dict[bytes, Span], items: dict[int, Item]) -> None:
    at, end = inside.get(b"iloc", (0, 0))
    if not end:
        return
    version, sizes = data[at], data[at + 4 : at + 6]
    offset_size, length_size, base_size, index_size = (
        sizes[0] >> 4, sizes[0] & 15, sizes[1] >> 4, sizes[1] & 15 if version else 0,
    )  # fmt: skip
    cursor = _Cursor(data, at + 6, end)
    for _ in range(min(cursor.number(4 if version == 2 else 2), MOST_ITEMS)):
        number = cursor.number(4 if version == 2 else 2)
        construction = cursor.number(2) & 15 if version else 0
        cursor.number(2)
        base = cursor.number(base_size)
        if construction == 1:
            base += inside.get(b"idat", (0, 0))[0]
        spans = []
        for _ in range(min(cursor.number(2), MOST_ITEMS)):
            cursor.number(index_size)
            offset = base + cursor.number(offset_size)
            spans.append((offset, offset + cursor.number(length_size)))
        if number in items and construction < 2:
            items[number].spans = spans


def _relations(data: bytes, inside: dict[bytes, Span], items: dict[int, Item]) -> None:
    start, end = inside.get(b"iref", (0, 0))
    wide = 4 if end and data[start] else 2
    for name, (at, after) in boxes(data, start + FULL, end):
        cursor = _Cursor(data, at, after)
        item = items.get(cursor.number(wide), Item())
        others = [cursor.number(wide) for _ in range(cursor.number(2))]
        if name == b"dimg":
            item.made_of = others
        elif name == b"cdsc":
            item.describes = others


def _properties(data: bytes, inside: dict[bytes, Span], items: dict[int, Item]) -> None:
    start, end = inside.get(b"iprp", (0, 0))
    held: Sequence[tuple[bytes, bytes]] = ()
    for name, (at, after) in boxes(data, start, end):
        if name == b"ipco":
            held = [(each, data[first:last]) for each, (first, last) in boxes(data, at, after)]
        elif name == b"ipma":
            cursor = _Cursor(data, at + FULL, after)
            version, wide = data[at], 2 if data[at + 3] & 1 else 1
            for _ in range(min(cursor.number(4), MOST_ITEMS)):
                item = items.get(cursor.number(4 if version else 2), Item())
                places = [
                    cursor.number(wide) & (0x7FFF if wide == 2 else 0x7F) for _ in range(cursor.number(1))
                ]
                with suppress(IndexError):
                    item.properties = [held[place - 1] for place in places if place]


@dataclass(slots=True)
class _Cursor:
    """Reads numbers one after the other; raises `ValueError` behind the end."""

    data: bytes
    at: int
    end: int

    def number(self, size: int) -> int:
        if self.at + size > self.end:
            raise ValueError("a box is cut off")
        self.at += size
        return int.from_bytes(self.data[self.at - size : self.at], "big")
