import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagbot.recognition.groups import WaitingFace, gathered
from tests.recognition.people import waiting

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
def test_a_group_has_no_forbidden_pair_and_everybody_was_near_who_joined(
    data: st.DataObject, count: int, most: int
) -> None:
    pairs = list(itertools.combinations(range(count), 2))
    forbidden = data.draw(st.sets(st.sampled_from(pairs))) if pairs else set()
    distances = np.zeros((count, count), np.float32)
    for here, there in pairs:
        distances[here, there] = distances[there, here] = data.draw(st.sampled_from((0.1, 0.3, 0.5, 0.7)))
    near = {1: 0.4, 2: 0.45}

    def may_join(here: int, there: int) -> bool:
        return (min(here, there), max(here, there)) not in forbidden

    def to_join(size: int) -> float:
        return near.get(size, 0.5)

    group = gathered(distances, may_join, to_join, most)
    assert group[0] == 0
    assert len(set(group)) == len(group) <= most
    assert all(may_join(here, there) for here, there in itertools.combinations(group, 2))
    for size in range(1, len(group)):
        assert distances[group[size], group[:size]].mean() < to_join(size)
    if len(group) < most:
        left = [
            each for each in range(count) if all(may_join(each, other) and each != other for other in group)
        ]
        assert all(distances[each, group].mean() >= to_join(len(group)) for each in left)


def test_of_two_that_are_near_but_differ_the_nearer_one_joins() -> None:
    distances = np.array([[0, 0.3, 0.2], [0.3, 0, 0.1], [0.2, 0.1, 0]], np.float32)
    assert gathered(distances, lambda here, there: {here, there} != {1, 2}, lambda _: 0.5, 9) == [0, 2]
