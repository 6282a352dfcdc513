"""What `make curves` makes of marks and finds. The models themselves are measured, not tested."""

from pathlib import Path

import pytest

from tagbot.photos.decoding import read_photo
from tagbot.photos.rectangle import Rectangle
from tests.curves.composed import composed_photos
from tests.curves.detectors import Measured
from tests.curves.hog import Hog
from tests.curves.marks import FILE, Mark, MarkedPhoto, marked_photos, write_marks
from tests.curves.recall import Recall, likeness
from tests.curves.tables import of_detectors
from tests.world import astronaut

FACE = Rectangle(100, 100, 40, 50)
SMALL = Rectangle(300, 10, 10, 14)


def test_marks_come_back_as_they_were_written(tmp_path: Path) -> None:
    photos = [
        MarkedPhoto(tmp_path / "party.jpg", [Mark(FACE), Mark(SMALL, counts=False)]),
        MarkedPhoto(tmp_path / "landscape.jpg", []),
    ]
    write_marks(tmp_path, photos)
    assert marked_photos(tmp_path) == photos


def test_a_face_that_is_too_small_does_not_count_and_counts_may_be_left_out(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("photo,left,top,width,height\na.jpg,1,2,11,30\na.jpg,1,2,12,30\n")
    [photo] = marked_photos(tmp_path)
    assert [mark.counts for mark in photo.marks] == [False, True]


def test_a_line_that_says_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("photo,left,top,width,height\na.jpg,1,2,3,4\na.jpg,1,2,wide,4\n")
    with pytest.raises(ValueError, match="line 3"):
        marked_photos(tmp_path)


def test_what_lies_on_a_mark_is_found_and_what_lies_beside_it_is_false() -> None:
    recall = Recall()
    recall.add([Mark(FACE)], [Rectangle(104, 106, 38, 40), Rectangle(500, 500, 30, 20)])
    assert (recall.marked, recall.found, recall.false) == ([40], [40], [20])


def test_a_face_that_is_found_twice_is_found_once() -> None:
    recall = Recall()
    recall.add([Mark(FACE)], [FACE, FACE])
    assert (recall.found, recall.false) == ([40], [40])


def test_a_face_that_does_not_count_may_be_found_or_not() -> None:
    recall = Recall()
    recall.add([Mark(SMALL, counts=False)], [SMALL])
    recall.add([Mark(SMALL, counts=False)], [])
    assert (recall.marked, recall.found, recall.false) == ([], [], [])
    assert recall.share() is None


def test_recall_is_told_by_size() -> None:
    recall = Recall(marked=[20, 20, 50, 90], found=[20, 90])
    assert recall.share() == 0.5
    assert recall.share(40) == 0.5
    assert recall.share(80, 120) == 1.0


def test_composed_photos_are_the_same_at_every_run_and_their_faces_lie_apart(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    [one] = composed_photos(tmp_path / "one", 1)
    [other] = composed_photos(tmp_path / "other", 1)
    assert one.path.read_bytes() == other.path.read_bytes()
    assert one.marks == other.marks
    assert len(one.marks) > 5
    for number, mark in enumerate(one.marks):
        assert not any(mark.place.overlap(each.place) for each in one.marks[:number])


def test_the_yardstick_finds_the_face_in_a_portrait() -> None:
    [face] = Hog().find(read_photo(astronaut()))
    assert likeness(face, Rectangle(175, 76, 91, 91)) > 0.7


def test_the_table_counts_by_size_and_says_where_there_was_nothing_to_find() -> None:
    result = Measured("ours", Recall(marked=[20, 50], found=[50], false=[33]), [0.1, 0.25, 1.5])
    row = of_detectors([result]).splitlines()[-1]
    assert row == (
        "| ours | 0 of 0 | 1 of 1 | 0 of 0 | 0 of 1 | 100.0 % | 50.0 % | 1 | 100 ms | 250 ms | 1500 ms |"
    )
    assert of_detectors([Measured("ours", Recall(), [0, 0, 0])]).count("–") >= 2
