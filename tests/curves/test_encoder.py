"""What `make curves` makes of vectors, on ones of which the answer is known."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.curves.likeness import pairs
from tests.curves.people import People
from tests.curves.tables import of_pairs


def people(faces: int, names: Sequence[str], apart: float = 1.0, spread: float = 0.05) -> People:
    """Each person's faces lie around a corner of their own."""
    chance = np.random.default_rng(3)
    corners = np.eye(len(names), 128, dtype=np.float32) * apart
    vectors = np.repeat(corners, faces, axis=0)
    vectors += chance.normal(0, spread / np.sqrt(128), vectors.shape).astype(np.float32)
    return People(np.repeat(names, faces), vectors, 0)


def test_pairs_of_people_who_are_apart_are_all_found_and_all_right() -> None:
    drawn = pairs(people(3, ["a", "b", "c"]))
    distance, found = drawn.found_at(0.0)
    assert found == 1.0
    assert drawn.right[drawn.distances < distance].min() >= 0.0
    assert drawn.mistaken[-1] == 0.0


def test_pairs_of_twins_are_mistaken() -> None:
    drawn = pairs(people(2, ["a", "twin of a"], apart=0.0, spread=0.3))
    assert drawn.mistaken[-1] == 1.0
    assert drawn.right[-1] == pytest.approx(2 / 6)


def test_the_table_has_a_line_for_each_rate_of_mistakes() -> None:
    table = of_pairs(pairs(people(4, ["a", "b", "c", "d"]))).splitlines()
    assert [line.split(" | ")[0] for line in table[2:]] == ["| 1 in 1,000", "| 1 in 10,000"]
    assert all(line.endswith("| 100.0 % |") for line in table[2:])
