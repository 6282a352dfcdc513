"""HEIC and AVIF: the main picture is read, upright once, whatever else the file holds."""

import struct
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tagbot.photos.decoding import read_photo, read_with_metadata
from tagbot.photos.picture_refused import PictureRefused
from tests.photos.heif import (
    BLUE,
    CORNER,
    CORNER_10_BITS,
    GREY,
    RED,
    Frame,
    Stored,
    beside,
    box,
    full,
    grid,
    heif,
    imir,
    irot,
    picture,
)  # fmt: skip
from tests.photos.images import RED as RED_COLOUR
from tests.photos.images import WHITE, close, colour_at, file, noise
from tests.photos.test_decoding import CORNERS

TURNED = {
    1: (), 2: (imir(1),), 3: (irot(2),), 4: (imir(0),), 5: (irot(1), imir(0)), 6: (irot(3),),
    7: (irot(3), imir(0)), 8: (irot(1),),
}  # fmt: skip
"""The properties that turn a picture as EXIF's orientation does."""


def exif(orientation: int) -> bytes:
    """As a HEIF keeps it: behind the length of what precedes it."""
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    return struct.pack(">I", 6) + b"Exif\0\0" + tiff


def corner_at(data: bytes, orientation: int) -> None:
    """The red corner is where the orientation puts it."""
    photo, metadata = read_with_metadata(data)
    assert metadata.orientation == orientation
    assert photo.size == ((64, 48) if orientation <= 4 else (48, 64))
    right, low = CORNERS[orientation]
    x, y = (photo.size.width - 8 if right else 8), (photo.size.height - 8 if low else 8)
    assert close(colour_at(photo, x, y), RED_COLOUR)
    assert close(colour_at(photo, photo.size.width - x, y), WHITE)


@pytest.mark.rule("picture-formats", "exif-turn")
@pytest.mark.parametrize("frame", [CORNER, CORNER_10_BITS], ids=["8 bits", "10 bits"])
@pytest.mark.parametrize("orientation", TURNED)
def test_a_heic_is_turned_once_as_it_says_itself_whatever_exif_says(orientation: int, frame: Frame) -> None:
    corner_at(heif({1: picture(frame, *TURNED[orientation])}), orientation)
    with_exif = {1: picture(frame, *TURNED[orientation]), 2: beside(b"Exif", exif(6))}
    corner_at(heif(with_exif), orientation)


@pytest.mark.rule("picture-formats", "exif-turn")
@pytest.mark.parametrize("orientation", TURNED)
def test_an_avif_is_turned_once_too(orientation: int) -> None:
    image = Image.new("RGB", (64, 48), "white")
    image.paste(RED_COLOUR, (0, 0, 16, 16))
    told = Image.Exif()
    told[0x0112] = orientation
    corner_at(file(image, "AVIF", exif=told), orientation)


@pytest.mark.rule("picture-formats")
def test_of_several_pictures_the_main_one_is_read() -> None:
    items = {1: picture(BLUE), 2: picture(CORNER), 3: picture(RED, thmb=[2])}
    corner_at(heif(items, primary=2), 1)


@pytest.mark.rule("picture-formats")
def test_a_picture_made_of_tiles_is_turned_as_a_whole() -> None:
    made = grid(1, 2, [2, 3], (128, 64))
    turned = Stored(made.kind, made.content, (*made.properties, irot(3)), made.relations)
    photo = read_photo(heif({1: turned, 2: picture(RED), 3: picture(BLUE)}))
    assert photo.size == (64, 128)
    assert close(colour_at(photo, 32, 10), RED_COLOUR)
    assert close(colour_at(photo, 32, 118), (0, 0, 255))


@pytest.mark.rule("picture-formats")
def test_what_is_transparent_is_seen_on_white() -> None:
    alpha = full(b"auxC", b"urn:mpeg:hevc:2015:auxid:1\0")
    photo = read_photo(heif({1: picture(CORNER), 2: picture(GREY, alpha, auxl=[1])}))
    assert close(colour_at(photo, 8, 8), (255, 127, 127))
    image = Image.new("RGBA", (64, 48), (255, 0, 0, 128))
    assert close(colour_at(read_photo(file(image, "AVIF")), 8, 8), (255, 127, 127))


@pytest.mark.rule("picture-formats")
def test_of_an_animated_avif_the_first_picture_is_taken() -> None:
    first, second = Image.new("RGB", (64, 48), RED_COLOUR), Image.new("RGB", (64, 48), "blue")
    photo = read_photo(file(first, "AVIF", save_all=True, append_images=[second]))
    assert close(colour_at(photo, 5, 5), RED_COLOUR)


@pytest.mark.parametrize("content", [b"", b"\0\0\0\6Exif\0\0nonsense", b"\xff\xff\xff\xff", exif(99)])
def test_broken_exif_spoils_neither(content: bytes) -> None:
    corner_at(heif({1: picture(CORNER), 2: beside(b"Exif", content)}), 1)
    image = Image.new("RGB", (64, 48), "white")
    image.paste(RED_COLOUR, (0, 0, 16, 16))
    told = Image.Exif()
    told[0x010E] = "a corner"
    avif = file(image, "AVIF", exif=told)
    corner_at(avif.replace(b"MM\0*", b"none").replace(b"II*\0", b"none"), 1)


@pytest.mark.rule("picture-formats")
def test_the_picture_tells_its_coding_not_the_brand() -> None:
    for brands in ((b"mif1", b"heic"), (b"heic", b"heic"), (b"isom", b"heic")):
        corner_at(heif({1: picture(CORNER)}, brands=brands), 1)
    avif = file(noise(64, 48), "AVIF")
    assert read_photo(avif.replace(b"ftypavif", b"ftypmif1")).size == (64, 48)


def test_xmp_is_found_that_is_about_the_main_picture() -> None:
    items = {
        1: picture(CORNER),
        2: beside(b"mime", b"<ours/>"),
        3: beside(b"mime", b"<another's/>", of=4),
        4: picture(RED),
    }
    _, metadata = read_with_metadata(heif(items))
    assert metadata.xmp == b"<ours/>"
    _, metadata = read_with_metadata(file(noise(64, 48), "AVIF", xmp=b"<ours/>"))
    assert metadata.xmp == b"<ours/>"


@pytest.mark.rule("bad-photo-refused")
@pytest.mark.parametrize("kind", ["HEIC", "AVIF"])
@pytest.mark.parametrize("left", [0.02, 0.1, 0.5, 0.9, 0.99, -1])
def test_what_is_cut_off_is_refused_also_where_zeros_stand_for_the_rest(kind: str, left: float) -> None:
    tile = picture(CORNER)
    large = Stored(tile.kind, tile.content + bytes([1]) * 2000, tile.properties)
    whole = file(noise(300, 200), "AVIF") if kind == "AVIF" else heif({1: tile, 2: large})
    end = int(left) if left < 0 else int(left * len(whole))
    with pytest.raises(PictureRefused) as refused:
        read_photo(whole[:end])
    assert refused.value.looks_cut_off
    if 0 < left < 0.95:
        with pytest.raises(PictureRefused) as refused:
            read_photo(whole[:end] + bytes(len(whole) - end))
        assert refused.value.looks_cut_off


@pytest.mark.rule("bad-photo-refused")
def test_limits_are_checked_before_anything_is_decoded() -> None:
    with pytest.raises(PictureRefused, match="25 megapixels"):
        read_photo(heif({1: picture(CORNER, size=(6000, 5000))}))
    with pytest.raises(PictureRefused, match="25 megapixels"):
        read_photo(heif({1: grid(100, 100, [2] * 10_000, (6400, 6400)), 2: picture(RED)}))
    avif = file(Image.new("L", (64, 48)), "AVIF")
    at = avif.index(b"ispe") + 8
    with pytest.raises(PictureRefused):
        read_photo(avif[:at] + struct.pack(">II", 6000, 5000) + avif[at + 8 :])


@pytest.mark.rule("bad-photo-refused")
@pytest.mark.parametrize(
    ("data", "words"),
    [
        (heif({1: Stored(b"j2k1", b"x", picture(CORNER).properties)}), "neither as HEVC nor as AV1"),
        (box(b"ftyp", b"msf1", bytes(4), b"hevc") + box(b"moov", bytes(60)), "without a main picture"),
        (box(b"ftyp", b"mif3", b"heic") + box(b"mini", bytes(60)), "minimized form"),
        (box(b"ftyp", b"isom", bytes(4), b"mp42") + box(b"moov", bytes(60)), "video"),
    ],
    ids=["another coding", "a sequence", "minimized", "a video"],
)
def test_what_is_no_photo_is_refused_for_its_true_reason(data: bytes, words: str) -> None:
    with pytest.raises(PictureRefused, match=words) as refused:
        read_photo(data)
    assert not refused.value.looks_cut_off


@pytest.mark.rule("decoder-missing")
@pytest.mark.parametrize(("kind", "library"), [("HEIC", "pi_heif"), ("AVIF", "PIL._avif")])
def test_a_machine_without_the_decoder_says_so(
    kind: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = heif({1: picture(CORNER)}) if kind == "HEIC" else file(noise(64, 48), "AVIF")
    monkeypatch.setitem(sys.modules, library, None)  # so Python says that there is no such module
    with pytest.raises(
        PictureRefused, match=f"{kind}, and there is no decoder for it on this machine"
    ) as why:
        read_photo(data)
    assert not why.value.looks_cut_off


@given(
    kind=st.sampled_from(["HEIC", "AVIF"]),
    edits=st.lists(st.tuples(st.floats(0, 0.999), st.binary(max_size=6)), max_size=5),
)
def test_whatever_the_bytes_are_there_is_a_photo_or_a_refusal(
    kind: str, edits: list[tuple[float, bytes]]
) -> None:
    items = {1: grid(1, 2, [2, 3], (128, 64)), 2: picture(RED), 3: picture(BLUE), 4: beside(b"Exif", exif(3))}
    data = heif(items) if kind == "HEIC" else file(Image.new("RGB", (40, 30)), "AVIF")
    for place, patch in edits:
        at = int(place * len(data))
        data = data[:at] + patch + data[at + 4 :]
    with suppress(PictureRefused):
        assert read_photo(data).rgb()
