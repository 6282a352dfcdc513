"""Sidecars: what may stand in them, and what is told of one that is not valid."""

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagbot.photos.rectangle import Rectangle, Size
from tagbot.photos.sidecar import KnownFace, Sidecar, SidecarRefused, read_sidecar

ID = "3f0c1d52-0000-4000-8000-000000000001"
RECTANGLE = {"left": 120, "top": 80, "width": 96, "height": 97}


def read(**content: Any) -> Sidecar:
    return read_sidecar(json.dumps(content).encode())


@pytest.mark.rule("sidecar-optional")
def test_all_that_the_contract_names_is_read() -> None:
    sidecar = read(
        source="lobby-camera", taken_at="2026-11-23T09:30:00Z", faces=[{"id": ID, "rectangle": RECTANGLE}]
    )
    face = KnownFace(Rectangle(120, 80, 96, 97), ID)
    assert sidecar == Sidecar("lobby-camera", "2026-11-23T09:30:00Z", (face,))


@pytest.mark.rule("sidecar-optional")
def test_every_key_is_optional_and_so_is_the_sidecar() -> None:
    assert read_sidecar(None) == read() == Sidecar(None, None, None)
    assert read(faces=[{"rectangle": RECTANGLE}]).faces == (KnownFace(Rectangle(120, 80, 96, 97)),)


def test_no_faces_is_something_else_than_not_saying() -> None:
    assert read(faces=[]).faces == ()
    assert read(faces=None).faces is None


def test_what_it_does_not_know_is_left_alone() -> None:
    assert read(camera={"lens": 35}, faces=[{"rectangle": RECTANGLE, "name": "x"}]).faces is not None


@pytest.mark.parametrize(
    "beside",
    ['"score": NaN', '"score": -1e999', '"\\ud800": 1', '"name": "\\ud800"', '"camera": {"\\ud800": [1.5]}'],
)
def test_whatever_stands_under_a_key_that_it_does_not_know_spoils_nothing(beside: str) -> None:
    assert read_sidecar(f'{{"source": "phone", {beside}}}'.encode()) == Sidecar("phone")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_it_may_be_written_as_windows_does(encoding: str) -> None:
    assert read_sidecar('{"source": "Käfer"}'.encode(encoding)) == Sidecar("Käfer")


@pytest.mark.rule("face-id-uuid")
@pytest.mark.parametrize("written", [ID.upper(), ID.replace("-", ""), f"{{{ID}}}"])
def test_an_id_is_the_same_however_it_is_written(written: str) -> None:
    faces = read(faces=[{"id": written, "rectangle": RECTANGLE}]).faces
    assert faces is not None
    assert faces[0].id == ID


def test_fractions_of_pixels_are_rounded() -> None:
    faces = read(faces=[{"rectangle": {**RECTANGLE, "left": 119.6}}]).faces
    assert faces is not None
    assert faces[0].rectangle.left == 120


@pytest.mark.rule("bad-sidecar-refused")
@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"source": 7}', "source is not a text"),
        (b'{"source": "\\ud800"}', "source is not a text"),
        (b'{"source": "lobby\\u0000"}', "source is not a text"),  # PostgreSQL has no such letter
        (b'{"taken_at": "yesterday"}', "taken_at is not a time"),
        (b'{"taken_at": 7}', "taken_at is not a text"),
        (b'{"faces": {}}', "faces are not a list"),
        (b'{"faces": [7]}', "face 1 of the sidecar is not a JSON object"),
        (b'{"faces": [{}]}', "face 1 of the sidecar has no rectangle"),
        (
            b'{"faces": [{"rectangle": {"left": 1, "top": 1, "width": 9}}]}',
            "face 1 of the sidecar: its rectangle has no height",
        ),
        (
            b'{"faces": [{"rectangle": {"left": true, "top": 1, "width": 9, "height": 9}}]}',
            "face 1 of the sidecar: its rectangle's left is not a number of pixels",
        ),
        (
            b'{"faces": [{"rectangle": {"left": NaN, "top": 1, "width": 9, "height": 9}}]}',
            "face 1 of the sidecar: its rectangle's left is not a number of pixels",
        ),
    ],
)
def test_what_is_not_valid_is_told_with_its_place(text: bytes, why: str) -> None:
    with pytest.raises(SidecarRefused, match=why):
        read_sidecar(text)


@pytest.mark.rule("face-id-uuid")
@pytest.mark.parametrize("wrong", ["7", "", 7, [], "3f0c1d52"])
def test_an_id_that_is_no_uuid_is_refused(wrong: object) -> None:
    with pytest.raises(SidecarRefused, match="face 1 of the sidecar: its id is not a UUID"):
        read(faces=[{"id": wrong, "rectangle": RECTANGLE}])


@pytest.mark.rule("face-id-once")
def test_two_faces_with_one_id_are_refused() -> None:
    faces = [{"id": ID, "rectangle": RECTANGLE}, {"id": ID.upper(), "rectangle": RECTANGLE}]
    with pytest.raises(SidecarRefused, match="two faces the same id"):
        read(faces=faces)


@pytest.mark.rule("bad-sidecar-refused")
@pytest.mark.parametrize(
    "changes",
    [
        {"left": -1},
        {"top": -1},
        {"width": 0},
        {"height": -5},
        {"left": 450},
        {"top": 420, "height": 93},
        {"left": 10**400},  # more than a float can be
    ],
)
def test_a_rectangle_outside_the_picture_is_refused(changes: dict[str, int]) -> None:
    sidecar = read(faces=[{"rectangle": RECTANGLE}, {"rectangle": {**RECTANGLE, **changes}}])
    with pytest.raises(
        SidecarRefused, match="face 2 of the sidecar lies outside the picture of 512 × 512 pixels"
    ):
        sidecar.check_inside(Size(512, 512))


@pytest.mark.rule("bad-sidecar-refused")
def test_a_rectangle_may_touch_the_border() -> None:
    edge = {"left": 0, "top": 0, "width": 512, "height": 512}
    read(faces=[{"rectangle": edge}]).check_inside(Size(512, 512))


@pytest.mark.rule("sidecar-limits")
def test_500_faces_are_read_and_one_more_is_refused_before_any_is_looked_at() -> None:
    faces = [{"rectangle": RECTANGLE} for _ in range(501)]
    assert len(read(faces=faces[:500]).faces or ()) == 500
    with pytest.raises(SidecarRefused, match="the sidecar: it lists 501 faces, over the limit of 500"):
        read(faces=faces)


@pytest.mark.rule("sidecar-limits")
def test_a_sidecar_over_1_mb_is_refused_unread() -> None:
    content = json.dumps({"source": "phone", "camera": ""}).encode()
    whole = content.replace(b'""', b'"%s"' % (b"x" * (1_000_000 - len(content))))
    assert read_sidecar(whole) == Sidecar("phone")
    with pytest.raises(SidecarRefused, match="over the limit of 1 MB"):
        read_sidecar(whole + b" ")


@pytest.mark.rule("sidecar-limits")
def test_a_source_has_at_most_1000_letters() -> None:
    assert read(source="ä" * 1000).source == "ä" * 1000
    with pytest.raises(SidecarRefused, match="source is longer than 1,000 letters"):
        read(source="ä" * 1001)


@pytest.mark.rule("sidecar-limits")
@pytest.mark.parametrize(
    "written",
    [
        "2026-11-23T09:30:00." + "0" * 900_000 + "Z",
        "2026-11-23\0" + "09:30:00",
        "2026-11-23\ud80009:30:00",
        "2026-11-23\n09:30:00",
        "２０２６-11-23",
    ],
    ids=["endless", "nul", "half a character", "line break", "wide digits"],
)
def test_a_time_is_as_long_as_a_time_and_in_its_letters(written: str) -> None:
    with pytest.raises(SidecarRefused, match="taken_at is not a time"):
        read(taken_at=written)


@pytest.mark.parametrize("written", ["2026-11-23", "2026-11-23 09:30", "2026-11-23T09:30:00.123456+01:00:30"])
def test_a_time_may_be_written_as_iso_8601_allows(written: str) -> None:
    assert read(taken_at=written).taken_at == written


@pytest.mark.rule("sidecar-limits")
@pytest.mark.parametrize(
    "wrong", [ID + "-" * 900_000, "{" * 9 + ID, ID.replace("-0000-", "_0000_"), ID + "\n"]
)
def test_an_id_is_written_as_programs_write_one(wrong: str) -> None:
    with pytest.raises(SidecarRefused, match="its id is not a UUID"):
        read(faces=[{"id": wrong, "rectangle": RECTANGLE}])


@pytest.mark.rule("sidecar-limits")
@pytest.mark.parametrize(
    "text",
    [
        b'{"a":' * 150_000 + b"1" + b"}" * 150_000,
        b'{"faces": ' + b"[" * 400_000 + b"]" * 400_000 + b"}",
        b'{"faces": [{"rectangle": {"left": ' + b"9" * 900_000 + b', "top": 1, "width": 9, "height": 9}}]}',
        b'{"faces": [{"rectangle": {"left": ' + b"9" * 900_000 + b'.5, "top": 1, "width": 9, "height": 9}}]}',
        b'{"faces": [' + b"{}," * 300_000 + b"{}]}",
    ],
    ids=["objects", "lists", "number", "fraction", "empty faces"],
)
def test_whatever_fills_a_sidecar_is_refused_at_once(text: bytes) -> None:
    started = time.thread_time()
    with pytest.raises(SidecarRefused):
        read_sidecar(text)
    assert time.thread_time() - started < 5, "seconds: what is read letter by letter takes minutes"


scalars = st.none() | st.booleans() | st.integers() | st.just(-(10**309)) | st.floats() | st.text(max_size=5)
keys = st.sampled_from(["source", "taken_at", "faces", "id", "rectangle", "left"])
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(anything)
def test_whatever_stands_in_it_is_read_or_refused(content: Any) -> None:
    with suppress(SidecarRefused):
        read_sidecar(json.dumps(content).encode())
