"""What other programs wrote of a photo: its faces, when it was taken, and names that may be offered."""

import json
import logging
import uuid
from pathlib import Path

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.guesses import Guess
from tagbot.database.models.named_faces import NamedFace
from tagbot.database.models.photos import Photo
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.messages import FaceStored
from tests.photos.xmp.packets import Area, mwg, region, xmp
from tests.stages.made_up_people import known, looks_like
from tests.stages.scenes import MakeWorld, shown
from tests.stages.test_detect_faces import put, take_over, work
from tests.stages.test_machines_opinion import names_on
from tests.world import World, astronaut, portrait

SOMEWHERE: Area = (0.25, 0.5, 0.125, 0.25)
"""Of 512 × 512 pixels, where no face is."""

TAKEOUT = {
    "title": "photo.jpg",
    "description": "",
    "imageViews": "7",
    "creationTime": {"timestamp": "1700000000", "formatted": "Nov 14, 2023, 10:13:20 PM UTC"},
    "photoTakenTime": {"timestamp": "1577836800", "formatted": "Jan 1, 2020, 12:00:00 AM UTC"},
    "geoData": {"latitude": 1.5, "longitude": float("nan")},
    "people": [{"name": "Ada Lovelace"}, {"name": ""}, {}],
    "url": "https://photos.google.com/photo/x",
}


def lay(world: World, **files: bytes) -> Path:
    """Put files beside the photos of the inbox; a double underscore stands for a dot."""
    folder = world.settings.data_dir / "inbox"
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return folder


def rectangles() -> list[tuple[int, int, int, int]]:
    query = Face.select().order_by(Face.left)
    return [(face.left, face.top, face.width, face.height) for face in query]


def regions(name: str, area: Area = SOMEWHERE) -> bytes:
    return xmp(mwg(region(area, name), size=(512, 512)))


@pytest.mark.rule("xmp-read")
def test_where_a_region_is_a_face_no_detection_runs(make_world: MakeWorld) -> None:
    world = make_world(LINE_UP="4")
    lay(world, photo__jpg__xmp=regions("Ada"))
    message = put(world, "photo.jpg", astronaut())
    told = work(world, message)
    assert rectangles() == [(96, 192, 64, 128)]
    assert work(world, message) == told, "twice is harmless"
    assert NamedFace.select().count() == 1


@pytest.mark.rule("xmp-precedence")
def test_our_own_sidecar_wins_and_one_that_lists_no_faces_leaves_it_to_the_regions(world: World) -> None:
    lay(world, a__jpg__xmp=regions("Ada"), a__xmp=regions("Bob", (0.5, 0.5, 0.5, 0.5)))
    ours = {"faces": [{"rectangle": {"left": 1, "top": 2, "width": 100, "height": 100}}]}
    work(world, put(world, "a.jpg", astronaut(), ours))
    assert rectangles() == [(1, 2, 100, 100)]
    lay(world, b__png__xmp=regions("Ada"), b__xmp=regions("Bob", (0.5, 0.5, 0.5, 0.5)))
    work(world, put(world, "b.png", portrait(1) + b"b", {"source": "camera"}))
    assert len(rectangles()) == 2
    assert Photo.get(Photo.source == "camera").faces_found == 1


@pytest.mark.rule("xmp-bounded", "xmp-read")
def test_broken_xmp_and_regions_of_pets_leave_the_search_to_us(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    lay(world, photo__jpg__xmp=b"<broken Ada", photo__xmp=regions("Rex").replace(b'"Face"', b'"Pet"'))
    with caplog.at_level(logging.WARNING):
        assert len(work(world, put(world, "photo.jpg", astronaut()))) == 1
    assert rectangles() != [(96, 192, 64, 128)]
    [said] = [record.getMessage() for record in caplog.records if "XMP" in record.getMessage()]
    assert said.endswith("is left out: it is broken")


@pytest.mark.rule("companions-leave")
def test_what_lies_beside_a_photo_leaves_the_inbox_with_it(world: World) -> None:
    folder = lay(world, photo__jpg__xmp=regions("Ada"), photo__jpg__json=b"{}", photo__xmp=b"<")
    put(world, "photo.jpg", astronaut())
    take_over(world, lambda: Photo.select().exists() and not list(folder.iterdir()))


@pytest.mark.rule("companions-leave")
def test_a_refused_photo_takes_it_along(world: World) -> None:
    folder = lay(world, bad__jpg__xmp=b"1", bad__xmp=b"2")
    lay(world, **{"bad__jpg__supplemental-meta__json": b"3"})
    put(world, "bad.jpg", b"GIF89a no photo")
    rejected = folder.parent / "rejected"
    take_over(world, lambda: not list(folder.iterdir()))
    assert sorted(path.name for path in rejected.iterdir()) == [
        "bad.jpg", "bad.jpg.error.txt", "bad.jpg.supplemental-meta.json", "bad.jpg.xmp", "bad.xmp",
    ]  # fmt: skip


@pytest.mark.rule("takeout-read")
@pytest.mark.parametrize("name", ["photo.jpg.json", "photo.jpg.supplemental-meta.json", "photo.json"])
def test_takeout_tells_when_the_photo_was_taken(name: str, make_world: MakeWorld) -> None:
    world = make_world(LINE_UP="4")
    lay(world, **{name.replace(".", "__"): json.dumps(TAKEOUT).encode()})
    [found] = work(world, put(world, "photo.jpg", astronaut()))
    assert Photo.get().taken_at == "2020-01-01T00:00:00Z"
    assert [row.face for row in NamedFace.select()] == [Face.get_by_id(found.face_id)]


@pytest.mark.rule("takeout-read")
@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b'{"photoTakenTime": 7, "people": "x"}', b'{"photoTakenTime": {"timestamp": "1e99"}}',
     b'{"creationTime": {}, "people": [{"name": 7}, "x"]}', b"[" * 2_000, b" " * 1_000_001],
)  # fmt: skip
def test_none_of_takeouts_refuses_a_photo(content: bytes, world: World) -> None:
    lay(world, photo__jpg__json=content)
    assert len(work(world, put(world, "photo.jpg", astronaut()))) == 1


@pytest.mark.rule("named-may-join")
def test_of_a_name_no_more_is_kept_than_a_keyed_hash_and_nothing_without_a_line_up(
    make_world: MakeWorld,
) -> None:
    world = make_world(LINE_UP="0")
    lay(world, photo__jpg__xmp=regions("Ada"))
    work(world, put(world, "photo.jpg", astronaut()))
    assert NamedFace.select().count() == 0
    [face] = Face.select()
    with writing():
        NamedFace.note([(face.id, "Ada Lovelace"), (face.id, "\u3164")], world.services.opt_out_key)
    [row] = NamedFace.select()
    assert "ada" not in row.name
    NamedFace.forget(" ADA  lovelace", world.services.opt_out_key)
    assert NamedFace.select().count() == 0


@pytest.mark.rule("named-may-join")
def test_a_known_persons_name_joins_the_others_and_is_neither_marked_nor_a_vote(
    make_world: MakeWorld,
) -> None:
    world = make_world(LINE_UP="2")
    people = {str(person.name): person for person in (known(n, each) for n, each in enumerate("ABCD"))}
    for name in "ABD":  # one of which is the nearest but one anyway
        face = looks_like(world.face(), 2)
        with writing():
            NamedFace.note([(face.id, name.lower()), (face.id, "a stranger")], world.services.opt_out_key)
        Face.note(face.id, request=Request.create(id=str(uuid.uuid4())).id, number=1)
        world.publish(FaceStored(face_id=face.id))
        world.drain()
        expected = sorted([name, "C"])
        assert names_on(shown(world, face)) == [
            (f"pick_{number}", each, people[each].id) for number, each in enumerate(expected, 1)
        ]
    assert not Vote.select().exists()
    assert not NamedFace.select().exists()
    assert {guess.person for guess in Guess.select()} <= {people["C"]}
