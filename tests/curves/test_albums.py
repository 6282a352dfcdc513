"""What `make curves` makes of albums, on vectors of which the answer is known."""

import pytest

from tests.curves.albums import STEPS, Album, grouped, own_distance
from tests.curves.tables import of_albums
from tests.curves.test_encoder import people


def test_people_who_are_apart_are_grouped_without_a_stranger() -> None:
    for tried in grouped(people(9, ["a", "b", "c"], apart=2.0), Album(27, 3)):
        assert (tried.requests, tried.together, tried.strangers) == (3, 27, 0)


def test_each_of_two_twins_who_share_a_request_counts_as_a_stranger_once() -> None:
    tried = grouped(people(2, ["a", "twin of a"], apart=0.0), Album(4, 2))
    assert {(each.requests, each.together, each.strangers) for each in tried} == {(1, 4, 2)}
    assert tried[0].wrong == 250


def test_the_bots_own_distance_is_tried_in_the_middle() -> None:
    album = Album(6, 3)
    tried = grouped(people(2, ["a", "b", "c"]), album)
    assert len(tried) == len(STEPS)
    assert tried[len(STEPS) // 2].distance == own_distance(album)


@pytest.mark.parametrize("album", [Album(6, 4), Album(9, 3), Album(7, None)], ids=str)
def test_an_album_that_the_pictures_are_too_few_for_is_left_out(album: Album) -> None:
    assert not grouped(people(2, ["a", "b", "c"]), album)


def test_an_album_has_its_people_with_as_many_faces_each_or_one_more() -> None:
    some = people(4, ["a", "b", "c"])
    drawn = Album(7, 2).drawn(some, seed=1)
    assert drawn is not None
    names = some.names[drawn].tolist()
    assert sorted(map(names.count, set(names))) == [3, 4]
    assert len(set(drawn.tolist())) == 7


def test_the_table_has_a_line_for_each_album() -> None:
    albums = [Album(6, 3), Album(4, 2)]
    table = of_albums({each: grouped(people(2, ["a", "b", "c"], apart=2.0), each) for each in albums})
    assert table.splitlines()[2:] == [
        "| 6 | 3 | 0.55 | 0.500 | 100.0 % | 0 of 6 | 0.00 |",
        "| 4 | 2 | 0.55 | 0.500 | 100.0 % | 0 of 4 | 0.00 |",
    ]
