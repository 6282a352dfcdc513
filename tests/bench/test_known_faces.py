from pathlib import Path

import pytest

from bench.child import Missing
from bench.known_faces import FOLDER, Known, drawn, mixed, whose_faces
from tagbot.database.models.faces import store_photo
from tagbot.database.opening import connected, open_database
from tests.scenario.crowd import Shown
from tests.world import new_database


@pytest.fixture
def three_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of whom the first has two photos, and the others three."""
    for name in ("A_Lee", "B_Lee", "C_Lee"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "about.txt").touch()
        for number in range(2 if name == "A_Lee" else 3):
            (tmp_path / name / f"{number}.JPG").write_text(f"{name} {number}")
    monkeypatch.setenv(FOLDER, str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("three_people")
def test_people_are_drawn_who_have_as_many_photos_and_a_seed_draws_the_same() -> None:
    people = drawn(2, 3, seed=1)

    assert {person.name for person in people} == {"B Lee", "C Lee"}
    assert all(len(set(person.photos)) == 3 for person in people)
    assert people == drawn(2, 3, seed=1)


@pytest.mark.usefixtures("three_people")
def test_fewer_people_than_wanted_are_told() -> None:
    with pytest.raises(Missing, match="3 people with 3 photos are wanted; FACES has 2"):
        drawn(3, 3, seed=1)


def test_without_a_folder_it_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)

    with pytest.raises(Missing, match="set FACES to a folder"):
        drawn(1, 1, seed=1)


def test_photos_come_mixed(three_people: Path, tmp_path: Path) -> None:
    photos = sorted(three_people.rglob("*.JPG"))
    folder = tmp_path / "mixed"
    folder.mkdir()

    copies = [path.read_text() for path in sorted(mixed(photos, folder, seed=1).iterdir())]

    assert sorted(copies) == [photo.read_text() for photo in photos]
    assert copies != sorted(copies)


def test_the_face_in_the_middle_is_the_persons_and_all_others_are_strangers(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.touch()
    person = Known("U1", "A Lee", [photo])
    (sha256,) = person.hashes()
    faces = {"beside": (0, 40), "around": (10, 80), "within": (40, 20)}
    rows = [
        {"id": face_id, "photo": sha256, "left": corner, "top": corner, "width": size, "height": size}
        for face_id, (corner, size) in faces.items()
    ]
    open_database(new_database(tmp_path / "tagbot.db"))
    with connected():
        store_photo(
            {"sha256": sha256, "width": 100, "height": 100, "faces_found": 3, "received_at": 0.0},
            [row | {"stored_at": 0.0} for row in rows],
        )

    assert whose_faces(tmp_path / "tagbot.db", [person]) == {
        "around": Shown(f"{sha256} 1", "U1"),
        "within": Shown(f"{sha256} 2", None),
        "beside": Shown(f"{sha256} 3", None),
    }
