"""HEIF files for the tests: put together from boxes, around frames that x265 made of pictures of ours."""

import struct
from base64 import b85decode
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Frame:
    """An HEVC picture: its decoder's configuration, and the picture itself."""

    hvcc: bytes
    data: bytes
    size: tuple[int, int] = (64, 48)


CORNER = Frame(
    b85decode("0RwOV0058x000009`FGC{rLC*01pFT0096PKmiN^|NjGU00093kN^M!000939=ZZRVE_RDDnbDP18@KU0|1Z!00RI30{|YN"
              "Ab|yz>g1-mxCm%4AOHXZ10VnZ0{|gn00967L;=Bbz=;"),
    b85decode("0000qC;_ht;2}9QAOG?@zyI>Ec3-?lo5J7AOTFJx_y716ruF~!1w;q7CSUoVqQ9K&;0b~7"),
)  # fmt: skip
"""White, its upper left 16 × 16 pixels red."""

CORNER_10_BITS = Frame(
    b85decode("0R#vD005o1000009`FGC{rdU<01pFT0096OKmiN^|NjIC00093owxu10{{RXx&lC90096hLID8;2mk;B0G+r100RI39-ttB"
              "1lew`N^6^dhJykC00RIr000930uW*V0RRR>0l{;?i2"),
    b85decode("0000qC;_ht;3GCH&;Rb!|NrnAyoc<0E-`=Px_npaQPKaop{Sq#4?-Y5R5HKy%kHl6ZoR*L"),
)  # fmt: skip
RED = Frame(
    b85decode("0RwOV0058x000009`FGC{rLC*01pFT0096PKmiN^|NjGU00093kN^M!000939=ZZRVE_RDD?$MQ18@KU0|1Z!00RI30{|YN"
              "Ab|yz>PacCZUPz%2mk;B0LTCU0{{p>VgLaE2SfqEa<C#m"),
    b85decode("0000QC;_ht;3GDoKmYsDegFR4$D#hUvyfB&7Cr"),
    (64, 64),
)  # fmt: skip
BLUE = Frame(RED.hvcc, b85decode("0000QC;_ht;2}A6U;qBBckh4313&+?7M%w$_4o"), (64, 64))
GREY = Frame(
    b85decode("0R#vD005u(000009`FGC{P_3)01pFT0096OKmiN^|NjIC00093pZEX(0{{RXx&lC90096cLID8;2mk;B0H62(00RI39>9VG"
              "7F(;5n&!ZO000bt00093gkk^z00u+>!E?Zg"),
    b85decode("0000AC;_e$z;kq>Z&&"),
)  # fmt: skip
"""Of one channel, half as bright as can be."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An item of a file."""

    kind: bytes
    content: bytes
    properties: tuple[bytes, ...] = ()
    relations: Mapping[bytes, list[int]] = field(default_factory=dict)
    content_type: bytes = b""


def box(name: bytes, *content: bytes) -> bytes:
    whole = b"".join(content)
    return struct.pack(">I4s", 8 + len(whole), name) + whole


def full(name: bytes, *content: bytes, flags: int = 0) -> bytes:
    return box(name, struct.pack(">I", flags), *content)


def picture(
    frame: Frame, *properties: bytes, size: tuple[int, int] | None = None, **relations: list[int]
) -> Stored:
    """Of a frame; `size` where the file tells another one than is true."""
    ispe = full(b"ispe", struct.pack(">II", *(size or (64, 64))))
    return Stored(
        b"hvc1", frame.data, (box(b"hvcC", frame.hvcc), ispe, clap(frame.size), *properties),
        {name.encode(): ids for name, ids in relations.items()},
    )  # fmt: skip


def grid(rows: int, columns: int, tiles: list[int], size: tuple[int, int]) -> Stored:
    """Made of tiles."""
    content = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *size)
    return Stored(b"grid", content, (full(b"ispe", struct.pack(">II", *size)),), {b"dimg": tiles})


def beside(kind: bytes, content: bytes, of: int = 1) -> Stored:
    """EXIF, or XMP (`mime`)."""
    content_type = b"application/rdf+xml" if kind == b"mime" else b""
    return Stored(kind, content, (), {b"cdsc": [of]}, content_type)


def clap(size: tuple[int, int]) -> bytes:
    """The upper left part of 64 × 64 pixels: as many as x265 codes at least."""
    width, height = size
    return box(b"clap", struct.pack(">8i", width, 1, height, 1, (width - 64) // 2, 1, (height - 64) // 2, 1))


def irot(quarters: int) -> bytes:
    return box(b"irot", bytes([quarters]))


def imir(axis: int) -> bytes:
    return box(b"imir", bytes([axis]))


def heif(
    items: Mapping[int, Stored], primary: int = 1, brands: tuple[bytes, ...] = (b"heic", b"mif1", b"heic")
) -> bytes:
    """A file of these items, by number."""
    major, *others = brands
    head = box(b"ftyp", major, bytes(4), *others)
    before = len(head) + len(_meta(items, primary, dict.fromkeys(items, 0))) + 8
    places = {}
    for number, item in items.items():
        places[number] = before
        before += len(item.content)
    content = b"".join(item.content for item in items.values())
    return head + _meta(items, primary, places) + box(b"mdat", content)


def _meta(items: Mapping[int, Stored], primary: int, places: Mapping[int, int]) -> bytes:
    held: list[bytes] = []
    infos, locations, relations, associations = [], [], [], []
    for number, item in items.items():
        words = b"\0" + (item.content_type + b"\0" if item.content_type else b"")
        infos.append(box(b"infe", b"\2\0\0\0", struct.pack(">HH4s", number, 0, item.kind), words))
        locations.append(struct.pack(">HHHII", number, 0, 1, places[number], len(item.content)))
        for name, others in item.relations.items():
            count = len(others)
            relations.append(box(name, struct.pack(f">HH{count}H", number, count, *others)))
        told = b""
        for each in item.properties:
            held.append(each)
            told += bytes([len(held)])
        if told:
            associations.append(struct.pack(">HB", number, len(told)) + told)
    return full(
        b"meta",
        full(b"hdlr", bytes(4), b"pict", bytes(13)),
        full(b"pitm", struct.pack(">H", primary)),
        full(b"iloc", b"\x44\0", struct.pack(">H", len(items)), *locations),
        full(b"iinf", struct.pack(">H", len(items)), *infos),
        full(b"iref", *relations) if relations else b"",
        box(b"iprp", box(b"ipco", *held), full(b"ipma", struct.pack(">I", len(associations)), *associations)),
    )  # fmt: skip
