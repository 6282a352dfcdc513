"""`add`: photos go into the inbox with their sidecars, whether or not the bot runs."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from tagbot.database.models.faces import store_photo
from tagbot.database.opening import connected, open_database
from tests.commands.conftest import Run, shown_on_a_terminal
from tests.photos.images import endless
from tests.world import astronaut, portrait


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Folders: two of the same name, hidden ones, a sidecar, other files, one that is no photo."""
    album = tmp_path / "album"
    for name in ("one/photo.png", "two/photo.png", "two/deep/last.PNG", ".trash/gone.png", "one/.hidden.png"):
        (album / name).parent.mkdir(parents=True, exist_ok=True)
        (album / name).write_bytes(astronaut() + name.encode())
    (album / "one/photo.json").write_text(json.dumps({"source": "lobby-camera"}))
    (album / "one/notes.txt").write_text("milk, bread")
    (album / "one/broken.jpg").write_bytes(b"no picture")
    return album


def inbox(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "data/inbox").iterdir())


def contents(tmp_path: Path) -> set[bytes]:
    return {path.read_bytes() for path in (tmp_path / "data/inbox").iterdir()}


@pytest.mark.process
@pytest.mark.rule("add-copies", "add-counts")
def test_folders_are_searched_through_and_what_is_no_photo_is_refused(
    run: Run, tmp_path: Path, album: Path
) -> None:
    ran = run("add", str(album))
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "3 added, 0 known already, 1 refused",
        "left out, recycle bins: 1 (.trash)",
        "left out, hidden files and folders: 1 (.hidden.png)",
        "left out, files that are no pictures: 1 (notes.txt)",
    ]
    [refused] = ran.err.splitlines()
    assert refused.startswith(f"refused: {album / 'one/broken.jpg'}: ")
    photos = {astronaut() + name.encode() for name in ("one/photo.png", "two/photo.png", "two/deep/last.PNG")}
    assert contents(tmp_path) == photos | {b'{"source": "lobby-camera"}'}


@pytest.mark.process
@pytest.mark.rule("add-copies")
def test_a_sidecar_goes_with_its_photo(run: Run, tmp_path: Path, album: Path) -> None:
    run("add", str(album / "one"))
    [photo, sidecar] = sorted(inbox(tmp_path), reverse=True)
    assert Path(photo).with_suffix(".json").name == sidecar


@pytest.mark.process
@pytest.mark.rule("add-counts")
def test_without_a_refusal_it_ends_well(run: Run, tmp_path: Path, album: Path) -> None:
    ran = run("add", str(album / "two/photo.png"), str(album / "two/deep"))
    assert (ran.code, ran.out, ran.err) == (0, "2 added, 0 known already, 0 refused\n", "")
    assert len(inbox(tmp_path)) == 2


@pytest.mark.process
@pytest.mark.rule("add-known-already")
def test_a_photo_that_is_named_twice_is_added_once(run: Run, tmp_path: Path, album: Path) -> None:
    ran = run("add", str(album / "two"), str(album / "two/photo.png"))
    assert ran.out == "2 added, 0 known already, 0 refused\n"
    assert len(inbox(tmp_path)) == 2


@pytest.mark.process
@pytest.mark.rule("add-known-already")
def test_a_second_copy_of_a_photo_is_known_already(run: Run, tmp_path: Path, album: Path) -> None:
    (album / "two/copy.png").write_bytes((album / "two/photo.png").read_bytes())
    ran = run("add", str(album / "two"))
    assert (ran.code, ran.out) == (0, "2 added, 1 known already, 0 refused\n")
    assert len(inbox(tmp_path)) == 2


@pytest.mark.process
@pytest.mark.rule("add-known-already")
def test_a_photo_that_still_waits_in_the_inbox_is_known_already(
    run: Run, tmp_path: Path, album: Path
) -> None:
    assert run("add", str(album / "two/photo.png")).out == "1 added, 0 known already, 0 refused\n"
    (album / "two/copy.png").write_bytes((album / "two/photo.png").read_bytes())
    ran = run("add", str(album / "two"))
    assert (ran.code, ran.out) == (0, "1 added, 2 known already, 0 refused\n")
    assert len(inbox(tmp_path)) == 2


@pytest.mark.process
@pytest.mark.rule("add-known-already", "add-by-content")
def test_a_photo_without_a_suffix_that_waits_is_known_already(run: Run, tmp_path: Path) -> None:
    photo = tmp_path / "photo"
    photo.write_bytes(portrait(1))
    assert run("add", str(photo)).out == "1 added, 0 known already, 0 refused\n"
    assert run("add", str(photo)).out == "0 added, 1 known already, 0 refused\n"


@pytest.mark.process
@pytest.mark.rule("add-known-already")
def test_a_photo_that_was_taken_over_before_is_known_already(run: Run, tmp_path: Path, album: Path) -> None:
    open_database(f"sqlite:///{tmp_path}/data/tagbot.db")
    sha256 = hashlib.sha256((album / "two/photo.png").read_bytes()).hexdigest()
    with connected():
        store_photo({"sha256": sha256, "width": 1, "height": 1, "faces_found": 0, "received_at": 1.0}, [])
    ran = run("add", str(album / "two/photo.png"))
    assert (ran.code, ran.out) == (0, "0 added, 1 known already, 0 refused\n")
    assert inbox(tmp_path) == []


@pytest.mark.process
@pytest.mark.rule("add-counts")
@pytest.mark.parametrize(
    ("sidecar", "why"),
    [
        ("{", "not JSON"),
        ('{"faces": [{"id": "7", "rectangle": {"left": 1, "top": 1, "width": 9, "height": 9}}]}', "UUID"),
        (
            '{"faces": [{"rectangle": {"left": 500, "top": 0, "width": 99, "height": 99}}]}',
            "outside the picture",
        ),
    ],
)
def test_a_photo_whose_sidecar_is_not_valid_is_refused(
    run: Run, tmp_path: Path, album: Path, sidecar: str, why: str
) -> None:
    (album / "two/photo.json").write_text(sidecar)
    ran = run("add", str(album / "two/photo.png"))
    assert (ran.code, ran.out) == (1, "0 added, 0 known already, 1 refused\n")
    assert why in ran.err
    assert inbox(tmp_path) == []


@pytest.mark.process
@pytest.mark.rule("add-counts")
@pytest.mark.parametrize("name", ["not-there.jpg", "x" * 300 + ".jpg", "album/one/notes.txt"])
def test_a_path_that_cannot_be_taken_is_refused_and_the_others_are_added(
    run: Run, tmp_path: Path, album: Path, name: str
) -> None:
    ran = run("add", str(tmp_path / name), str(album / "two/photo.png"))
    assert (ran.code, ran.out) == (1, "1 added, 0 known already, 1 refused\n")
    assert name in ran.err


@pytest.mark.process
@pytest.mark.rule("add-copies")
def test_folders_that_lead_back_into_themselves_are_searched_once(run: Run, album: Path) -> None:
    (album / "two/back").symlink_to(album / "two", target_is_directory=True)
    (album / "two/again").symlink_to(album / "two", target_is_directory=True)
    ran = run("add", str(album / "two"))
    assert (ran.code, ran.out) == (0, "2 added, 0 known already, 0 refused\n")


@pytest.mark.process
@pytest.mark.rule("entry-own-affair")
def test_what_is_no_file_stops_nothing_and_is_named(run: Run, album: Path) -> None:
    (album / "two/loop.jpg").symlink_to("loop.jpg")
    (album / "two/loop").symlink_to("loop")
    os.mkfifo(album / "two/pipe.jpg")
    (album / os.fsdecode("two/caf\udce9\n.png".encode(errors="surrogateescape"))).write_bytes(b"no picture")
    ran = run("add", str(album / "two"))
    assert ran.code == 1
    assert ran.out.splitlines() == [
        "2 added, 0 known already, 3 refused",
        "left out, entries that cannot be looked at: 1 (loop)",
    ]
    assert "pipe.jpg: it is no regular file" in ran.err
    assert f"{album / 'two/loop.jpg'}: " in ran.err
    assert len(ran.err.splitlines()) == 3


@pytest.mark.process
@pytest.mark.rule("sidecar-case")
@pytest.mark.parametrize(("photo", "sidecar"), [("PHOTO.PNG", "PHOTO.JSON"), ("photo.Png", "photo.json")])
def test_a_sidecar_goes_with_its_photo_in_whatever_case(
    run: Run, tmp_path: Path, photo: str, sidecar: str
) -> None:
    (tmp_path / photo).write_bytes(astronaut())
    (tmp_path / sidecar).write_text('{"source": "camera"}')
    assert run("add", str(tmp_path / photo)).code == 0
    assert contents(tmp_path) == {astronaut(), b'{"source": "camera"}'}


@pytest.mark.rule("entry-own-affair")
def test_a_photo_whose_sidecar_cannot_be_looked_at_is_refused(run: Run, album: Path) -> None:
    (album / "two/photo.json").symlink_to("photo.json")
    ran = run("add", str(album / "two/photo.png"))
    assert (ran.code, ran.out) == (1, "0 added, 0 known already, 1 refused\n")
    assert "its sidecar cannot be looked at" in ran.err


@pytest.mark.process
@pytest.mark.rule("add-progress")
def test_there_is_a_progress_bar_only_on_a_terminal(run: Run, tmp_path: Path, album: Path) -> None:
    assert run("add", str(album / "two")).err == ""
    assert "/2" in shown_on_a_terminal(tmp_path, "add", str(album / "two"))


@pytest.mark.process
@pytest.mark.rule("add-by-content")
def test_what_its_content_calls_a_picture_is_added_whatever_its_name(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    for number, name in enumerate(("photo.jfif", "PHOTO", "photo.tmp", "photo.jpg.bak", "other.json")):
        (folder / name).write_bytes(portrait(number))
    ran = run("add", str(folder))
    assert (ran.code, ran.out) == (0, "5 added, 0 known already, 0 refused\n")
    assert {Path(name).suffix for name in inbox(tmp_path)} == {".jfif", "", ".tmp", ".bak", ".jpeg"}


@pytest.mark.rule("add-by-content")
def test_what_is_named_as_a_picture_and_is_none_is_refused_and_the_rest_left_out(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    for name in ("a.jfif", "b.HEIC", "c.gif", "BMW.txt", "d.mov", "e", "f\n\x1b[2J.doc", "lone.json"):
        (folder / name).write_bytes(b"BM, no picture")
    (folder / "animated").write_bytes(b"GIF89a" + bytes(20))
    ran = run("add", str(folder))
    assert ran.code == 1
    assert sorted(line.split(": ")[1].rpartition("/")[2] for line in ran.err.splitlines()) == [
        "a.jfif",
        "animated",
        "b.HEIC",
        "c.gif",
    ]
    summary, left_out = ran.out.splitlines()
    assert summary == "0 added, 0 known already, 4 refused"
    assert left_out == "left out, files that are no pictures: 5 (BMW.txt, d.mov, e, …)"


PRIVATE = {
    "@eaDir/photo.jpg/SYNOPHOTO_THUMB_XL.jpg": "thumbnails and caches",
    ".@__thumb/default.jpg": "thumbnails and caches",
    "#recycle/a.jpg": "recycle bins",
    "@Recycle/a.jpg": "recycle bins",
    "$RECYCLE.BIN/S-1-5/$R1.jpg": "recycle bins",
    ".Trash-1000/files/a.jpg": "recycle bins",
    ".dtrash/files/a.jpg": "recycle bins",
    "lost+found/#12.jpg": "system folders",
    ".thumbnails/large/a.png": "thumbnails and caches",
    ".cache/a.png": "thumbnails and caches",
    ".picasaoriginals/a.jpg": "thumbnails and caches",
    "iPod Photo Cache/F00/T1.jpg": "thumbnails and caches",
    "thumbs/ab/cd/1-preview.jpeg": "thumbnails and caches",
    "storage/cache/thumbnails/a_224x224.jpg": "thumbnails and caches",
    "storage/sidecar/a.heic.jpg": "thumbnails and caches",
    ".snapshot/hourly.0/a.jpg": "snapshots and backups",
    ".zfs/snapshot/daily/a.jpg": "snapshots and backups",
    "@GMT-2026.11.23-09.30.00/a.jpg": "snapshots and backups",
    "Family.photoslibrary/originals/0/a.jpg": "photo libraries",
    "Old.aplibrary/Previews/a.jpg": "photo libraries",
    "Catalog Previews.lrdata/0/a.jpg": "photo libraries",
    "Lightroom Library.lrlibrary/a.jpg": "photo libraries",
}


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.rule("add-leaves-out")
@pytest.mark.parametrize("path", PRIVATE)
def test_other_programs_private_folders_are_left_out_and_it_says_so(
    run: Run, tmp_path: Path, path: str
) -> None:
    folder = tmp_path / "album"
    for name in ("photo.jpg", "storage/cache/x.jpg", path):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(portrait(len(name)))
    ran = run("add", str(folder))
    assert (ran.code, ran.err) == (0, "")
    first, *left_out = ran.out.splitlines()
    assert first == "1 added, 0 known already, 0 refused"
    assert any(PRIVATE[path] in line for line in left_out)


@pytest.mark.rule("add-leaves-out")
def test_how_many_files_were_left_out_is_said(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "album/@eaDir"
    for number in range(7):
        (folder / str(number)).mkdir(parents=True)
        (folder / str(number) / "SYNOPHOTO_THUMB_XL.jpg").touch()
    for given in (folder, folder.parent):
        ran = run("add", str(given))
        assert ran.out.splitlines()[1:] == ["left out, thumbnails and caches: 7 (@eaDir)"]


@pytest.mark.process
@pytest.mark.rule("add-leaves-out")
def test_the_bots_own_pictures_are_no_photos(run: Run, tmp_path: Path) -> None:
    images = tmp_path / "data/images"
    images.mkdir(parents=True)
    (images / "crop.jpg").write_bytes(portrait(1))
    (tmp_path / "photo.jpg").write_bytes(portrait(2))
    ran = run("add", str(tmp_path))
    assert ran.out.startswith("1 added, 0 known already, 0 refused\nleft out, FaceTag's own folders: ")


@pytest.mark.process
@pytest.mark.rule("add-counts")
def test_what_cannot_be_looked_at_is_told_and_the_rest_is_added(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    (folder / "loop.jpg").symlink_to("loop.jpg")
    (folder / "gone").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.jpg")
    os.mkfifo(folder / "pipe")
    (folder / "photo.jpg").write_bytes(portrait(1))
    ran = run("add", str(folder))
    assert ran.code == 1
    assert [line.split(": ")[1].rpartition("/")[2] for line in ran.err.splitlines()] == [
        "loop.jpg",
        "pipe.jpg",
    ]
    assert ran.out.startswith(
        "1 added, 0 known already, 2 refused\nleft out, entries that cannot be looked at"
    )
    assert run("add", str(folder / "pipe")).code == 1


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.rule("decoding-is-bounded")
def test_a_photo_that_crashes_or_exhausts_the_decoder_is_refused_here_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "slow.jpg").write_bytes(endless())
    ran = run("add", str(tmp_path / "slow.jpg"))
    assert (ran.code, ran.out) == (1, "0 added, 0 known already, 1 refused\n")
    assert "over 10 seconds of processor time" in ran.err


@pytest.mark.rule("harmless-output")
def test_a_name_of_a_file_ends_no_line_and_moves_no_cursor(run: Run, tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    (album / "x\x1b]0;y\x07\nrefused: 9\u202e\x9b.jpg").write_bytes(b"no picture")
    ran = run("add", str(album))
    [refused] = ran.err.splitlines()
    assert r"x\x1b]0;y\x07\nrefused: 9\u202e\x9b.jpg" in refused
    gone = run("add", str(album / "\x1b[31mgone.jpg"))
    assert "\x1b" not in gone.err
    assert r"\x1b[31mgone.jpg" in gone.err
