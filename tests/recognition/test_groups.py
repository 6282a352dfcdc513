import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagbot.recognition.groups import FAR, WaitingFace, gathered
from tagbot.recognition.vector_table import Floats
from tests.recognition.people import waiting

NEAR = 0.5

PAIRS = [
    (waiting("a"), waiting("b"), True),
    (waiting("a", photo="one"), waiting("b", photo="one"), False),
]


@pytest.mark.rule("groups", "never-together")
@pytest.mark.parametrize(("one", "other", "may"), PAIRS)
def test_which_two_faces_may_share_a_request(one: WaitingFace, other: WaitingFace, may: bool) -> None:
    assert one.may_join(other) is may
    assert other.may_join(one) is may


@pytest.mark.rule("groups")
@given(st.data(), st.integers(1, 12), st.integers(1, 9))
def test_a_group_has_no_forbidden_pair_and_no_face_that_is_far_from_the_rest(
    data: st.DataObject, count: int, most: int
) -> None:
    pairs = list(itertools.combinations(range(count), 2))
    forbidden = data.draw(st.sets(st.sampled_from(pairs))) if pairs else set()
    distances = np.zeros((count, count), np.float32)
    for here, there in pairs:
        distances[here, there] = distances[there, here] = data.draw(st.sampled_from((0.1, 0.3, 0.5, 0.7)))

    def may_join(here: int, there: int) -> bool:
        return (min(here, there), max(here, there)) not in forbidden

    group = gathered(distances, may_join, NEAR, most)
    assert group[0] == 0
    assert len(set(group)) == len(group) <= most
    assert all(may_join(here, there) for here, there in itertools.combinations(group, 2))
    for each in group if len(group) > 1 else ():
        rest = [other for other in group if other != each]
        assert distances[each, rest].mean() < FAR * NEAR


def apart(*pairs: tuple[int, int], near: float, far: float) -> Floats:
    """Four faces of which these pairs are `far` apart."""
    distances = np.full((4, 4), near, np.float32)
    for here, there in pairs:
        distances[here, there] = distances[there, here] = far
    np.fill_diagonal(distances, 0)
    return distances


def together(_: int, __: int) -> bool:
    return True


def test_of_two_that_are_near_but_differ_the_nearer_one_joins() -> None:
    distances = np.array([[0, 0.3, 0.2], [0.3, 0, 0.1], [0.2, 0.1, 0]], np.float32)
    assert gathered(distances, lambda here, there: {here, there} != {1, 2}, NEAR, 9) == [0, 2]


def test_a_face_is_linked_by_others_that_are_alike_and_not_by_one_alone() -> None:
    by_two = apart((0, 3), near=0.3, far=0.6)
    assert sorted(gathered(by_two, together, NEAR, 9)) == [0, 1, 2, 3]
    by_one = apart((0, 3), (1, 3), near=0.3, far=0.8)
    assert 3 not in gathered(by_one, together, NEAR, 9)


def test_of_a_large_group_some_are_taken_from_its_middle_to_its_edge_so_that_the_rest_is_alike_too() -> None:
    line = np.array([0.0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.12, 0.3, 0.34], np.float32)
    distances = np.abs(line[:, None] - line)
    group = gathered(distances, together, NEAR, 5)
    assert group[0] == 0
    assert len(group) == 5
    assert len({7, 8} & {*group}) == 1, "one from the edge, and one is left for the others"
