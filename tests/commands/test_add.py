"""`add`: photos go into the inbox with their sidecars, whether or not the bot runs."""

import hashlib
import json
from pathlib import Path

import pytest

from tagbot.database.models.faces import store_photo
from tagbot.database.opening import connected, open_database
from tests.commands.conftest import Run, shown_on_a_terminal
from tests.world import astronaut


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


@pytest.mark.rule("add-copies", "add-counts")
def test_folders_are_searched_through_and_what_is_no_photo_is_refused(
    run: Run, tmp_path: Path, album: Path
) -> None:
    ran = run("add", str(album))
    assert ran.code == 1
    assert ran.out == "3 added, 0 known already, 1 refused\n"
    [refused] = ran.err.splitlines()
    assert refused.startswith(f"refused: {album / 'one/broken.jpg'}: ")
    photos = {astronaut() + name.encode() for name in ("one/photo.png", "two/photo.png", "two/deep/last.PNG")}
    assert contents(tmp_path) == photos | {b'{"source": "lobby-camera"}'}


@pytest.mark.rule("add-copies")
def test_a_sidecar_goes_with_its_photo(run: Run, tmp_path: Path, album: Path) -> None:
    run("add", str(album / "one"))
    [photo, sidecar] = sorted(inbox(tmp_path), reverse=True)
    assert Path(photo).with_suffix(".json").name == sidecar


@pytest.mark.rule("add-counts")
def test_without_a_refusal_it_ends_well(run: Run, tmp_path: Path, album: Path) -> None:
    ran = run("add", str(album / "two/photo.png"), str(album / "two/deep"))
    assert (ran.code, ran.out, ran.err) == (0, "2 added, 0 known already, 0 refused\n", "")
    assert len(inbox(tmp_path)) == 2


@pytest.mark.rule("add-known-already")
def test_a_photo_that_is_named_twice_is_added_once(run: Run, tmp_path: Path, album: Path) -> None:
    ran = run("add", str(album / "two"), str(album / "two/photo.png"))
    assert ran.out == "2 added, 0 known already, 0 refused\n"
    assert len(inbox(tmp_path)) == 2


@pytest.mark.rule("add-known-already")
def test_a_second_copy_of_a_photo_is_known_already(run: Run, tmp_path: Path, album: Path) -> None:
    (album / "two/copy.png").write_bytes((album / "two/photo.png").read_bytes())
    ran = run("add", str(album / "two"))
    assert (ran.code, ran.out) == (0, "2 added, 1 known already, 0 refused\n")
    assert len(inbox(tmp_path)) == 2


@pytest.mark.rule("add-known-already")
def test_a_photo_that_still_waits_in_the_inbox_is_known_already(
    run: Run, tmp_path: Path, album: Path
) -> None:
    assert run("add", str(album / "two/photo.png")).out == "1 added, 0 known already, 0 refused\n"
    (album / "two/copy.png").write_bytes((album / "two/photo.png").read_bytes())
    ran = run("add", str(album / "two"))
    assert (ran.code, ran.out) == (0, "1 added, 2 known already, 0 refused\n")
    assert len(inbox(tmp_path)) == 2


@pytest.mark.rule("add-known-already")
def test_a_photo_that_was_taken_over_before_is_known_already(run: Run, tmp_path: Path, album: Path) -> None:
    open_database(f"sqlite:///{tmp_path}/data/tagbot.db")
    sha256 = hashlib.sha256((album / "two/photo.png").read_bytes()).hexdigest()
    with connected():
        store_photo({"sha256": sha256, "width": 1, "height": 1, "faces_found": 0, "received_at": 1.0}, [])
    ran = run("add", str(album / "two/photo.png"))
    assert (ran.code, ran.out) == (0, "0 added, 1 known already, 0 refused\n")
    assert inbox(tmp_path) == []


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


@pytest.mark.rule("add-counts")
@pytest.mark.parametrize("name", ["not-there.jpg", "x" * 300 + ".jpg", "album/one/notes.txt"])
def test_a_path_that_cannot_be_taken_is_refused_and_the_others_are_added(
    run: Run, tmp_path: Path, album: Path, name: str
) -> None:
    ran = run("add", str(tmp_path / name), str(album / "two/photo.png"))
    assert (ran.code, ran.out) == (1, "1 added, 0 known already, 1 refused\n")
    assert name in ran.err


@pytest.mark.rule("add-copies")
def test_folders_that_lead_back_into_themselves_are_searched_once(run: Run, album: Path) -> None:
    (album / "two/back").symlink_to(album / "two", target_is_directory=True)
    (album / "two/again").symlink_to(album / "two", target_is_directory=True)
    ran = run("add", str(album / "two"))
    assert (ran.code, ran.out) == (0, "2 added, 0 known already, 0 refused\n")


@pytest.mark.process
@pytest.mark.rule("add-progress")
def test_there_is_a_progress_bar_only_on_a_terminal(run: Run, tmp_path: Path, album: Path) -> None:
    assert run("add", str(album / "two")).err == ""
    assert "/2" in shown_on_a_terminal(tmp_path, "add", str(album / "two"))
