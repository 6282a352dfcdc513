"""`export --format xmp`: our tags beside photos, as other programs read them and as `add` does."""

import json
import shutil
import stat
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.named_faces import NamedFace, hashed_name
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.opening import connected, open_database
from tagbot.database.write_lock import writing
from tagbot.photos.decoding import orientation_of
from tagbot.photos.known_photos import identity
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.photos.xmp.regions import read_regions
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.training.local import LocalBackend
from tests.commands.conftest import Ran, Run
from tests.photos.heif import CORNER, heif, picture
from tests.photos.images import file, noise
from tests.photos.test_decoding import CORNERS
from tests.photos.test_heif_boxes import TURNED
from tests.photos.xmp.packets import microsoft, mwg, region, xmp
from tests.world import DATABASE, a_world, new_database

NAMES = ["Ada Lovelace", "Müller, Jörg & <Söhne>", "李 “雷”", "Ada Lovelace", "O'Neil | Pat/Kim"]

UPRIGHT = {
    1: lambda x, y, w, h: (x, y, w, h), 2: lambda x, y, w, h: (1 - x, y, w, h),
    3: lambda x, y, w, h: (1 - x, 1 - y, w, h), 4: lambda x, y, w, h: (x, 1 - y, w, h),
    5: lambda x, y, w, h: (y, x, h, w), 6: lambda x, y, w, h: (1 - y, x, h, w),
    7: lambda x, y, w, h: (1 - y, 1 - x, h, w), 8: lambda x, y, w, h: (y, 1 - x, h, w),
}  # fmt: skip
"""Middle and size of a region when its picture is turned upright; written down anew, as the field has it."""


@pytest.fixture(name="album")
def _album(tmp_path: Path) -> Path:
    """An empty folder, and a database."""
    open_database(new_database(tmp_path / "data" / DATABASE))
    (tmp_path / "album").mkdir()
    return tmp_path / "album"


def a_photo(orientation: int = 1, kind: str = "JPEG", size: tuple[int, int] = (640, 480)) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return file(noise(*size), kind, exif=exif)


def person(name: str) -> Person:
    found: Person | None = Person.get_or_none(Person.name == name)
    return found or Person.with_name(name, None, 1.0)


def tag(album: Path, name: str, data: bytes, *faces: tuple[str, Rectangle]) -> Path:
    """A photo that the bot knows, with its tagged faces, and one that is not tagged."""
    path = album / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    with Image.open(path) if not name.endswith("heic") else Image.new("RGB", (64, 48)) as image:
        width, height = image.size if orientation_of(data) <= 4 else image.size[::-1]
    sha256 = identity(data)
    photo = {"sha256": sha256, "width": width, "height": height, "faces_found": 1, "received_at": 1.0}
    untagged = {"left": 0, "top": 0, "width": 9, "height": 9, "state": "open"}
    with connected(), writing():
        rows = [
            {"left": place.left, "top": place.top, "width": place.width, "height": place.height,
             "state": "tagged", "person": person(who).id, "tagged_at": 1.0}
            for who, place in faces
        ]  # fmt: skip
        about = {"photo": sha256, "stored_at": 1.0}
        store_photo(photo, [{"id": str(uuid.uuid4()), **about, **row} for row in (*rows, untagged)])
    return path


def export(run: Run, album: Path) -> Ran:
    return run("export", "--format", "xmp", "--photos", str(album))


def said(ran: Ran) -> str:
    assert ran.code == 0, ran.err
    return ran.out.splitlines()[-1]


def faces_of(size: Size) -> list[tuple[str, Rectangle]]:
    """As many as there are names, at odd places, at the borders too."""
    across, down = size.width // 7, size.height // 5
    return [
        (name, Rectangle(number * across + number, number * down, across + number, down - 2 * number))
        for number, name in enumerate(NAMES)
    ]


def exiftool(*paths: Path) -> list[dict[str, Any]]:
    program = shutil.which("exiftool")
    if program is None:
        pytest.skip("ExifTool is not installed: apt-get install libimage-exiftool-perl")
    told = subprocess.run(
        [program, "-json", "-struct", "-XMP:all", *map(str, paths)],
        capture_output=True,
        check=True,
        timeout=60,
    )
    found: list[dict[str, Any]] = json.loads(told.stdout)
    return found


@pytest.mark.process
@pytest.mark.rule("xmp-round-trip")
def test_exiftool_reads_from_our_sidecars_exactly_what_export_says(run: Run, album: Path) -> None:
    for orientation in CORNERS:
        across, down = (640, 480) if orientation <= 4 else (480, 640)
        name = f"{orientation}.jpg"
        tag(album, name, a_photo(orientation), *faces_of(Size(across, down)))
    for orientation in (1, 6, 7):
        across, down = (64, 48) if orientation <= 4 else (48, 64)
        data = heif({1: picture(CORNER, *TURNED[orientation])}) + bytes(orientation)
        tag(album, f"{orientation}.heic", data, *faces_of(Size(across, down)))
    assert said(export(run, album)) == "11 written, 0 unchanged, 0 unknown"
    lines = [json.loads(line) for line in run("export").out.splitlines()]
    sidecars = sorted(album.glob("*.xmp"))
    for told, sidecar in zip(exiftool(*sidecars), sidecars, strict=True):
        photo = sidecar.with_suffix("")
        expected = {
            (line["person"]["name"], *line["rectangle"].values())
            for line in lines
            if line["photo"] == identity(photo.read_bytes())
        }
        orientation = int(photo.stem)
        stored = told["RegionInfo"]["AppliedToDimensions"]
        across, down = stored["W"], stored["H"]
        assert (across, down) == ((64, 48) if photo.suffix == ".heic" else (640, 480))
        across, down = (across, down) if orientation <= 4 else (down, across)
        seen = set()
        for each in told["RegionInfo"]["RegionList"]:
            assert each["Type"] == "Face"
            x, y, w, h = UPRIGHT[orientation](*(float(each["Area"][key]) for key in "XYWH"))
            box = ((x - w / 2) * across, (y - h / 2) * down, w * across, h * down)
            assert all(abs(side - round(side)) < 0.001 for side in box)
            seen.add((each["Name"], *map(round, box)))
        assert seen == expected
        assert sorted(told["Subject"]) == sorted(set(NAMES))


@pytest.mark.rule("xmp-round-trip")
def test_add_reads_from_them_what_was_written(run: Run, album: Path) -> None:
    for orientation in CORNERS:
        size = Size(640, 480) if orientation <= 4 else Size(480, 640)
        photo = tag(album, "photo.jpg", a_photo(orientation), *faces_of(size))
        export(run, album)
        found = read_regions(photo.with_name("photo.jpg.xmp").read_bytes(), size, orientation)
        assert [(each.name, each.rectangle) for each in found] == faces_of(size)


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.rule("xmp-round-trip")
def test_another_bot_that_gets_them_by_add_has_the_same_faces_and_names(
    run: Run, album: Path, tmp_path: Path, stand_in: SlackStandIn, recogniser: LocalBackend
) -> None:
    wanted = {}
    for orientation in CORNERS:
        faces = faces_of(Size(640, 480) if orientation <= 4 else Size(480, 640))
        photo = tag(album, f"{orientation}.jpg", a_photo(orientation), *faces)
        wanted[identity(photo.read_bytes())] = {(place, name) for name, place in faces}
    said(export(run, album))
    there = tmp_path / "there"
    assert run("add", str(album), DATA_DIR=str(there)).code == 0
    with a_world(there, stand_in, recogniser, LINE_UP="4") as world:
        world.services.inbox.get(timeout=0)
        world.offset += 60.0  # what it has seen lies there unchanged
        while world.workers[0].work_once(timeout=0):  # of DetectFaces, the first stage
            pass
        key = world.services.opt_out_key
        hashes = {hashed_name(name, key): name for name in NAMES}
        assert Face.select().count() == len(CORNERS) * len(NAMES)
        for sha256, of_photo in wanted.items():
            rows = NamedFace.select(NamedFace, Face).join(Face).where(Face.photo == sha256)
            found = {
                (Rectangle(row.face.left, row.face.top, row.face.width, row.face.height), hashes[row.name])
                for row in rows
            }
            assert found == of_photo


@pytest.mark.process
@pytest.mark.rule("xmp-merged")
def test_exiv2_reads_them_and_what_it_writes_is_kept(run: Run, album: Path) -> None:
    program = shutil.which("exiv2")
    if program is None:
        pytest.skip("exiv2 is not installed: apt-get install exiv2")
    photo = tag(album, "photo.jpg", a_photo(), ("Ada", Rectangle(10, 20, 100, 120)))
    export(run, album)
    sidecar = photo.with_name("photo.jpg.xmp")
    told = subprocess.run([program, "-px", str(sidecar)], capture_output=True, text=True, check=True).stdout
    assert "Xmp.dc.subject" in told
    assert "Ada" in told
    subprocess.run([program, "-M", "set Xmp.dc.title lang=x-default Party", "mo", str(sidecar)], check=True)
    assert said(export(run, album)) == "0 written, 1 unchanged, 0 unknown"
    assert b"Party" in sidecar.read_bytes()
    assert [each.name for each in read_regions(sidecar.read_bytes(), Size(640, 480), 1)] == ["Ada"]


@pytest.mark.rule("xmp-merged")
def test_what_is_there_already_stays_and_a_second_run_touches_nothing(run: Run, album: Path) -> None:
    data = a_photo()
    photo = tag(album, "deep/photo.jpg", data, ("Ada", Rectangle(320, 240, 64, 48)))
    others = xmp(
        mwg(region((0.1, 0.1, 0.1, 0.1), "Bob"), region((0.2, 0.8, 0.1, 0.1), "Rex", "Pet")),
        microsoft([("0.7, 0.7, 0.1, 0.1", "Eve")]),
        "<dc:subject><rdf:Bag><rdf:li>party</rdf:li></rdf:Bag></dc:subject><tiff:Make>Leica</tiff:Make>",
    )
    sidecar = photo.with_suffix(".xmp")  # as Lightroom names it
    sidecar.write_bytes(others)
    sidecar.chmod(0o644)
    assert said(export(run, album)) == "1 written, 0 unchanged, 0 unknown"
    assert sorted(path.name for path in photo.parent.iterdir()) == ["photo.jpg", "photo.xmp"]
    found = read_regions(sidecar.read_bytes(), Size(640, 480), 1)
    assert {each.name for each in found} == {"Ada", "Bob", "Eve"}
    for kept in (b"Rex", b"Leica", b"<rdf:li>party</rdf:li>", b'<?xpacket begin="\xef\xbb\xbf"'):
        assert kept in sidecar.read_bytes()
    assert stat.S_IMODE(sidecar.stat().st_mode) == 0o644
    before = sidecar.stat()
    assert said(export(run, album)) == "0 written, 1 unchanged, 0 unknown"
    assert sidecar.stat() == before
    assert photo.read_bytes() == data, "photos are never changed"


@pytest.mark.rule("xmp-forgets")
def test_a_name_of_ours_goes_when_its_person_is_renamed_or_forgotten_and_no_others(
    run: Run, album: Path
) -> None:
    photo = tag(
        album,
        "photo.jpg",
        a_photo(),
        ("Ada", Rectangle(10, 20, 100, 120)),
        ("Bob", Rectangle(300, 9, 99, 99)),
    )
    sidecar = photo.with_name("photo.jpg.xmp")
    sidecar.write_bytes(xmp("<dc:subject><rdf:Bag><rdf:li>Bob</rdf:li></rdf:Bag></dc:subject>"))
    export(run, album)
    with connected(), writing():
        Person.update(name="Countess").where(Person.name == "Ada").execute()
    assert said(export(run, album)) == "1 written, 0 unchanged, 0 unknown"
    assert b"Ada" not in sidecar.read_bytes()
    assert sidecar.read_bytes().count(b"Countess") == 2
    with connected(), writing():
        Face.delete().execute()
        Photo.delete().execute()
    moved = photo.rename(album / "moved.jpg")
    ran = export(run, album)
    assert (ran.code, ran.err) == (0, f"unknown: {moved}\n")
    assert ran.out == "1 written, 0 unchanged, 1 unknown\n"
    left = sidecar.read_bytes()
    assert b"Countess" not in left
    assert b"<facetag:" not in left
    assert left.count(b"Bob") == 1, "the keyword that was there before us"
    assert said(export(run, album)) == "0 written, 0 unchanged, 1 unknown"


@pytest.mark.rule("xmp-failures")
@pytest.mark.parametrize("content", [b"<broken", b"<a/>", xmp() + b" " * 2_000_000, b""])
def test_a_sidecar_that_cannot_be_merged_stays_as_it_is_and_is_named(
    content: bytes, run: Run, album: Path
) -> None:
    photo = tag(album, "photo.jpg", a_photo(), ("Ada", Rectangle(10, 20, 100, 120)))
    tag(album, "whole.jpg", a_photo(6), ("Ada", Rectangle(10, 20, 100, 120)))
    sidecar = photo.with_name("photo.jpg.xmp")
    sidecar.write_bytes(content)
    ran = export(run, album)
    assert ran.code == 1
    assert ran.out == "1 written, 0 unchanged, 0 unknown\n"
    assert ran.err.startswith(f"not written: {photo}: photo.jpg.xmp is left as it is: ")
    assert sidecar.read_bytes() == content


@pytest.mark.rule("xmp-forgets")
def test_where_no_photo_is_looked_for_known_ones_keep_their_names_and_others_lose_them(
    run: Run, album: Path
) -> None:
    hidden, elsewhere = album / ".hidden", album.parent / "elsewhere"
    known = tag(hidden, "known.jpg", a_photo(), ("Ada", Rectangle(10, 20, 100, 120)))
    forgotten = tag(hidden, "forgotten.jpg", a_photo(6), ("Bob", Rectangle(10, 20, 100, 120)))
    linked = tag(elsewhere, "linked.jpg", a_photo(3), ("Cy", Rectangle(10, 20, 100, 120)))
    (album / "link").symlink_to(elsewhere)
    export(run, hidden)
    assert said(export(run, album)) == "1 written, 2 unchanged, 0 unknown"
    with connected(), writing():
        Person.update(name="Countess").where(Person.name == "Ada").execute()
        for photo in (forgotten, linked):
            Face.delete().where(Face.photo == identity(photo.read_bytes())).execute()
            Photo.delete().where(Photo.sha256 == identity(photo.read_bytes())).execute()
    (hidden / "broken.xmp").write_bytes(b"<broken")
    ran = export(run, album)
    assert (ran.code, ran.out) == (0, "3 written, 0 unchanged, 1 unknown\n")
    left = {path: path.with_name(f"{path.name}.xmp").read_bytes() for path in (known, forgotten, linked)}
    assert left[known].count(b"Countess") == 2
    assert b"Bob" not in left[forgotten]
    assert b"Cy" not in left[linked]


@pytest.mark.rule("xmp-failures")
def test_a_sidecar_in_which_our_mark_cannot_be_looked_for_is_named_whatever_is_beside_it(
    run: Run, album: Path
) -> None:
    tag(album, "untagged.jpg", a_photo())
    (album / "unknown.jpg").write_bytes(a_photo(6))
    beside = [album / name for name in ("untagged.jpg.xmp", "unknown.xmp", "alone.xmp")]
    for path in beside:
        path.write_bytes(b"<broken")
    for name, other in {
        "no-rdf.xmp": b"<a/>",
        "long.xmp": xmp() + b" " * 2_000_000,
        "._mac.xmp": b"\0",
    }.items():
        (album / name).write_bytes(other)
    (album / "link.xmp").symlink_to(album / "nowhere.xmp")
    ran = export(run, album)
    assert ran.code == 1
    named = [line for line in ran.err.splitlines() if line.startswith("not written: ")]
    assert [line.split(": ")[2] for line in sorted(named, key=lambda line: line.split(": ")[1])] == [
        f"{name} is left as it is" for name in ("alone.xmp", "unknown.xmp", "untagged.jpg.xmp")
    ]
    assert ran.out == "0 written, 0 unchanged, 1 unknown\n"
    assert {path.read_bytes() for path in beside} == {b"<broken"}


@pytest.mark.rule("xmp-merged")
def test_two_photos_of_one_stem_do_not_share_a_sidecar(run: Run, album: Path) -> None:
    tag(album, "a.jpg", a_photo(), ("Ada", Rectangle(10, 20, 100, 120)))
    tag(album, "a.png", a_photo(1, "PNG"), ("Bob", Rectangle(10, 20, 100, 120)))
    (album / "a.xmp").write_bytes(xmp())
    assert said(export(run, album)) == "2 written, 0 unchanged, 0 unknown"
    assert sorted(path.name for path in album.glob("*.xmp")) == ["a.png.xmp", "a.xmp"]
    assert said(export(run, album)) == "0 written, 2 unchanged, 0 unknown"


@pytest.mark.rule("owner-only")
def test_a_new_sidecar_is_its_owners_alone_and_a_photo_without_tags_gets_none(run: Run, album: Path) -> None:
    tag(album, "empty.jpg", a_photo(3))
    photo = tag(album, "photo.jpg", a_photo(), ("Ada", Rectangle(10, 20, 100, 120)))
    assert said(export(run, album)) == "1 written, 1 unchanged, 0 unknown"
    assert stat.S_IMODE(photo.with_name("photo.jpg.xmp").stat().st_mode) == 0o600
    assert sorted(path.name for path in album.iterdir()) == ["empty.jpg", "photo.jpg", "photo.jpg.xmp"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "xmp"], "--photos"),
        (["--photos", "."], "--format xmp"),
        (["--format", "xmp", "--photos", ".", "--output", "x"], "--output"),
    ],
)
def test_options_that_do_not_go_together_are_told(
    arguments: list[str], words: str, run: Run, album: Path
) -> None:
    assert album.is_dir()
    ran = run("export", *arguments)
    assert ran.code == 2
    assert words in ran.err
