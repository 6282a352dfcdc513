"""What `make curves` makes of line-ups, on vectors of which the answer is known."""

import numpy as np

from tests.curves.line_ups import line_ups
from tests.curves.people import People
from tests.curves.tables import of_line_ups
from tests.curves.test_encoder import people


def joined(*some: People) -> People:
    """All of their faces."""
    return People(
        np.concatenate([each.names for each in some]), np.vstack([each.vectors for each in some]), 0
    )


def test_people_who_are_apart_are_the_nearest_to_their_own_faces() -> None:
    one, three = line_ups(people(5, ["a", "b", "c"], apart=2.0))
    assert (one.learned, one.people, one.asked) == (1, 3, 12)
    assert (three.learned, three.people, three.asked) == (3, 3, 6)
    for each in (one, three):
        assert each.within.tolist() == [1.0] * 9
    assert (one.sure, three.sure, three.right) == (0, 6, 6)  # it is sure of nobody of whom it knows one face


def test_the_machine_is_not_sure_of_twins() -> None:
    first = next(line_ups(people(5, ["a", "twin of a"], apart=0.0, spread=0.1)))
    assert first.sure == 0
    assert first.within[1] == 1.0


def test_strangers_are_the_faces_of_those_who_have_too_few() -> None:
    near, far = people(1, ["stranger"], apart=0.0), people(2, ["a", "b"], apart=2.0)
    first = next(line_ups(joined(far, near)))
    assert (first.people, first.strangers, first.offered, first.wrong) == (2, 1, 0.0, 0)


def test_the_table_has_a_line_for_each_number_of_learned_faces() -> None:
    table = of_line_ups(list(line_ups(people(5, ["a", "b", "c"], apart=2.0)))).splitlines()
    assert [line.split(" | ")[0] for line in table[2:]] == ["| 1 of each of 3", "| 3 of each of 3"]
    assert table[2].split(" | ")[1:6] == ["100.0 %"] * 3 + ["0.0 %", "0 of 0"]
    assert table[3].split(" | ")[1:6] == ["100.0 %"] * 4 + ["6 of 6"]


def test_nothing_is_measured_where_nobody_has_a_further_face() -> None:
    assert not list(line_ups(people(1, ["a", "b", "c"])))
