"""Regions of faces as other programs write them, whichever way; and XMP that is hostile or broken."""

import hashlib
import time
from contextlib import suppress
from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tagbot.photos.decoding_process import DecodingProcess
from tagbot.photos.jpeg_segments import EXTENSION, PART, XMP
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.photos.xmp.packet import XmpRefused
from tagbot.photos.xmp.regions import NamedRectangle, read_regions
from tests.photos.heif import CORNER, beside, heif, picture
from tests.photos.images import file
from tests.photos.test_decoding import CORNERS
from tests.photos.test_heif_boxes import TURNED
from tests.photos.test_metadata import segment
from tests.photos.xmp.packets import CENTRE, Area, microsoft, mwg, region, xmp

SIZE = Size(64, 48)
MIDDLE = Rectangle(16, 12, 32, 24)

AREA = '<mwg-rs:Area stArea:x="0.5" stArea:y="0.5" stArea:w="0.5" stArea:h="0.5"/>'


def read(*properties: str) -> list[NamedRectangle]:
    return read_regions(xmp(*properties), SIZE, 1)


def names(found: list[NamedRectangle]) -> list[str]:
    return [each.name for each in found]


@pytest.mark.rule("xmp-read")
@pytest.mark.parametrize(
    "properties",
    [
        mwg(region()),
        mwg(region((32, 24, 32, 24), unit="pixel")),
        mwg(f'<rdf:li rdf:parseType="Resource"><mwg-rs:Name>Ada</mwg-rs:Name>{AREA}</rdf:li>'),
        mwg(f'<rdf:li mwg-rs:Name="Ada" mwg-rs:Type="face">{AREA}</rdf:li>'),
        mwg(f"<rdf:li><rdf:Description><mwg-rs:Name> Ada\n</mwg-rs:Name>{AREA}</rdf:Description></rdf:li>"),
        mwg(f"<rdf:li><rdf:Bag>{region()}</rdf:Bag></rdf:li>"),
        mwg(region((0.5, 0.5, 0.5, 0.5)).replace('"0.5"', '"0,5"')),
        mwg(region())
        .replace('<mwg-rs:Regions rdf:parseType="Resource">', "<mwg-rs:Regions><rdf:Description>")
        .replace("</mwg-rs:Regions>", "</rdf:Description></mwg-rs:Regions>"),
        mwg(region().replace("</rdf:Description>", "<mwg-rs:Extensions><rdf:Description tiff:Make='x'/>"
                             "</mwg-rs:Extensions></rdf:Description>")),
        microsoft([("0.25, 0.25, 0.5, 0.5", "Ada")]),
        microsoft([("0.25,0.25,0.5,0.5", "Ada")]),
        mwg(region()) + microsoft([("0.26, 0.24, 0.5, 0.5", "")]),
        mwg(region(name="")) + microsoft([("0.25, 0.25, 0.5, 0.5", "Ada")]),
        mwg(region(), region()),
    ],
)  # fmt: skip
def test_however_it_is_written_it_is_one_face(properties: str) -> None:
    assert read(properties) == [NamedRectangle(MIDDLE, "Ada")]


@pytest.mark.rule("xmp-read")
def test_a_circle_is_the_square_around_it() -> None:
    circle = AREA.replace('stArea:w="0.5" stArea:h="0.5"', 'stArea:d="0.5"')
    assert read(mwg(f'<rdf:li mwg-rs:Name="Ada">{circle}</rdf:li>')) == [
        NamedRectangle(Rectangle(20, 12, 24, 24), "Ada")
    ]


@pytest.mark.rule("xmp-read")
@pytest.mark.parametrize(
    "properties",
    [
        mwg(region(kind="Pet"), region(kind="Focus"), region(kind="BarCode"), region(kind="Something")),
        mwg(region((0.5, 0.5, 0, 0)), region((0.5, 0.5, -0.1, 0.1)), region((1.5, 0.5, 0.2, 0.2))),
        mwg(region((0.5, float("nan"), 0.1, 0.1)), region((0.5, 0.5, float("inf"), 0.1))),
        mwg('<rdf:li mwg-rs:Name="Ada" mwg-rs:Type="Face"/>', "<rdf:li>words</rdf:li>", "<rdf:li/>"),
        mwg(region((0.5, 0.5, 0.001, 0.001))),
        microsoft([("", "Ada"), ("0.1, 0.1, 0.1", "Ada"), ("a, b, c, d", "Ada"), ("0.1, 0.1, 0, 0", "Ada")]),
        "<mwg-rs:Regions/>",
        "<mwg-rs:Regions>text</mwg-rs:Regions><MP:RegionInfo/>",
        "",
    ],
)
def test_what_is_no_face_or_is_nowhere_counts_as_none(properties: str) -> None:
    assert read(properties) == []


@pytest.mark.rule("xmp-read")
def test_one_name_may_have_several_faces_and_a_name_may_be_strange() -> None:
    strange = "Lovelace, Ada &amp; “Co.” \u202eoh"
    found = read(mwg(region((0.2, 0.2, 0.2, 0.2)), region((0.8, 0.2, 0.2, 0.2)), region(name=strange)))
    assert names(found) == ["Ada", "Ada", "Lovelace, Ada & “Co.” oh"]
    at_the_border = read(mwg(region((0.95, 0.5, 0.2, 0.2))))
    assert at_the_border[0].rectangle == Rectangle(54, 19, 10, 10)


def red_corner(x: float, y: float) -> Area:
    return (x, y, 1 / 4, 1 / 3)


@pytest.mark.rule("xmp-read", "regions-as-stored")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIC"])
@pytest.mark.parametrize("orientation", CORNERS)
def test_a_region_inside_is_about_the_picture_as_it_is_stored(orientation: int, kind: str) -> None:
    packet = xmp(
        mwg(region(red_corner(1 / 8, 1 / 6))), attributes=f'tiff:Orientation="{orientation % 8 + 1}"'
    )
    if kind == "HEIC":
        data = heif({1: picture(CORNER, *TURNED[orientation]), 2: beside(b"mime", packet)})
    else:
        exif = Image.Exif()
        exif[0x0112] = orientation
        inside = {"pnginfo": itxt(packet)} if kind == "PNG" else {"xmp": packet}
        data = file(Image.new("RGB", (64, 48)), kind, exif=exif, **inside)
    process = DecodingProcess()
    process.decode(data, 10, 10**9)
    (found,), _ = process.regions(())
    right, low = CORNERS[orientation]
    across, down = (64, 48) if orientation <= 4 else (48, 64)
    assert found.rectangle == Rectangle(across - 16 if right else 0, down - 16 if low else 0, 16, 16)


@pytest.mark.rule("xmp-read")
@pytest.mark.parametrize(
    "said", ['xmpNote:HasExtendedXMP="{}"', "<xmpNote:HasExtendedXMP>{}</xmpNote:HasExtendedXMP>"]
)
def test_what_did_not_fit_into_one_segment_of_a_jpeg_is_read_too(said: str) -> None:
    crowd = xmp(mwg(*(region((x / 400, 1 / 2, 1 / 500, 1 / 9), f"Somebody {x}") for x in range(1, 400))))
    guid = hashlib.md5(crowd, usedforsecurity=False).hexdigest().upper()
    note = said.format(guid).replace("xmpNote:", "tiff:")
    first = xmp(attributes=note) if "=" in note else xmp(note)
    parts = [
        segment(0xE1, EXTENSION + PART.pack(guid.encode(), len(crowd), at) + crowd[at : at + 30_000])
        for at in range(0, len(crowd), 30_000)
    ]
    of_another = segment(0xE1, EXTENSION + PART.pack(b"0" * 32, 5, 0) + b"other")
    plain = file(Image.new("RGB", (1600, 480)), "JPEG")
    process = DecodingProcess()
    head = segment(0xE1, XMP + first)
    process.decode(plain[:2] + b"".join([*reversed(parts), of_another, head]) + plain[2:], 10, 10**9)
    found, left_out = process.regions(())
    assert len(parts) > 2
    assert (len(found), left_out) == (399, [])
    process.decode(plain[:2] + b"".join([head, of_another, parts[0]]) + plain[2:], 10, 10**9)
    assert process.regions(()) == ([], ["it is broken"])


def itxt(packet: bytes) -> PngInfo:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet.decode())
    return info


@pytest.mark.rule("xmp-precedence")
def test_the_first_that_has_faces_counts_and_what_is_broken_is_left_out_with_a_word() -> None:
    out = BytesIO()
    Image.new("RGB", (64, 48)).save(out, "JPEG", xmp=xmp(mwg(region(name="inside"))))
    process = DecodingProcess()
    process.decode(out.getvalue(), 10, 10**9)
    first, second, empty = (xmp(mwg(region(name=name))) for name in ("first", "second", "pet"))
    empty = empty.replace(b"Face", b"Pet")
    assert names(process.regions((first, second))[0]) == ["first"]
    assert names(process.regions((empty, second))[0]) == ["second"]
    assert names(process.regions((empty, empty))[0]) == ["inside"]
    found, left_out = process.regions((b"<x", first + b" " * 2_000_000))
    assert names(found) == ["inside"]
    assert left_out == ["it is broken", "it is over the limit of 2 MB"]


def bomb() -> bytes:
    letters = "abcdefghij"
    entities = '<!ENTITY a "haha">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 30}">' for before, name in pairwise(letters)
    )
    return f"<!DOCTYPE x [{entities}]>".encode() + xmp(mwg(region(name="&j;"))).partition(b"?>")[2]


@pytest.mark.rule("xmp-bounded")
@pytest.mark.parametrize(
    "data",
    [
        bomb(),
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + xmp().partition(b"?>")[2],
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
        + xmp(mwg(region(name="&e;"))).partition(b"?>")[2],
        xmp(mwg(region()))[:300],
        b"\xff\xfe\0" + xmp(),
        b"",
        b"\0" * 100,
        b"<a>" * 100_000,
        xmp("<tiff:Make>" * 100_000),
        xmp(" " * 10_000_000),
    ],
    ids=["entities", "a DTD elsewhere", "a file", "cut off", "no text", "empty", "zeros", "deep", "deeper",
         "10 MB"],
)  # fmt: skip
def test_what_is_hostile_or_broken_is_left_out_quickly(data: bytes) -> None:
    started = time.process_time()
    with pytest.raises(XmpRefused) as refused:
        read_regions(data, SIZE, 1)
    assert "Ada" not in str(refused.value)
    assert time.process_time() - started < 1


@pytest.mark.rule("xmp-bounded")
def test_so_many_regions_that_nobody_drew_are_looked_at_quickly() -> None:
    small = [region((x / 100, y / 100, 0.004, 0.004), name="") for x in range(100) for y in range(70)]
    data = xmp(mwg(*small))
    assert len(data) < 2_000_000
    started = time.process_time()
    assert len(read_regions(data, Size(6000, 4000), 1)) == 500
    assert time.process_time() - started < 2


@given(edits=st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=8)), max_size=4))
def test_whatever_the_bytes_are_there_are_regions_or_a_refusal(edits: list[tuple[float, bytes]]) -> None:
    data = xmp(mwg(region(), region(CENTRE, "Bob")), microsoft([("0.1, 0.1, 0.2, 0.2", "Eve")]))
    for place, patch in edits:
        at = int(place * len(data))
        data = data[:at] + patch + data[at + len(patch) // 2 :]
    with suppress(XmpRefused):
        for each in read_regions(data, SIZE, 6):
            assert each.rectangle.inside(SIZE)
