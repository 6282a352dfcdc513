import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagbot.recognition.vector_table import LEAST_ROOM, VectorTable
from tests.examples import examples
from tests.recognition.people import MODEL, described


def table(dimensions: int = 3) -> VectorTable:
    return VectorTable(MODEL, dimensions, [("number", np.int64)])


def one(vectors: VectorTable, face_id: str) -> int:
    return int(vectors.places([face_id])[0])


@settings(max_examples=examples(50))
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=60))
def test_whatever_comes_and_goes_each_face_keeps_its_vector_and_its_facts(
    acts: list[tuple[bool, int]],
) -> None:
    here, kept = table(), {}
    for adding, number in acts:
        face_id = str(number)
        if adding and face_id not in here:
            place = here.add([(face_id, described([number, 1, 0]))])
            here.facts["number"][place] = kept[face_id] = number
        elif not adding:
            here.remove(here.places([face_id]))
            kept.pop(face_id, None)
    assert len(here) == len(kept)
    for face_id, number in kept.items():
        assert here.facts["number"][one(here, face_id)] == number
        assert here.numbers_at(here.places([face_id])).tolist() == [[number, 1, 0]]


def test_several_that_go_at_once_leave_the_others_in_order() -> None:
    here = table()
    here.add([(str(number), described([number, 0, 0])) for number in range(10)])
    here.remove(here.places(["8", "0", "9", "3"]))
    assert {face_id: one(here, face_id) for face_id in here.ids(np.arange(6))} == {
        face_id: place for place, face_id in enumerate(here.ids(np.arange(6)))
    }
    assert {int(each[0]) for each in here.numbers_at(np.arange(6))} == {1, 2, 4, 5, 6, 7}


def test_distances_are_euclidean() -> None:
    here = table()
    here.add([("a", described([0, 0, 0])), ("b", described([3, 4, 0]))])
    asked = np.array([[0, 0, 0], [3, 4, 12]], np.float32)
    assert here.distances(asked) == pytest.approx(np.array([[0, 5], [13, 12]]))
    assert here.distances(asked, np.array([1])) == pytest.approx(np.array([[5], [12]]))


@pytest.mark.parametrize("nothing", [None, described([0, 0, 0], "another model")])
def test_what_cannot_be_compared_is_infinitely_far_from_all_itself_included(nothing: object) -> None:
    here = table()
    here.add([("a", described([0, 0, 0])), ("none", nothing)])  # type: ignore[list-item]  # parametrized
    from_none = here.distances(here.numbers_at(here.places(["none"])))
    assert np.isinf(from_none).all()
    assert np.isinf(here.distances(np.zeros((1, 3), np.float32))[0, one(here, "none")])
    assert [len(there) for _, there, _ in here.near(np.arange(2), 100.0)] == [0]


@pytest.mark.parametrize("wrong", [[1.0, 2.0], [1.0, 2.0, float("nan")], [1.0, 2.0, float("inf")]])
def test_what_is_no_vector_of_the_model_is_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="3 finite numbers"):
        table().numbers(described(wrong))


@pytest.mark.parametrize("pairs_at_once", [1, 1000])
def test_pairs_that_are_near_are_told_in_portions_and_none_with_itself(pairs_at_once: int) -> None:
    here = table()
    places = here.add([(str(number), described([number, 0, 0])) for number in range(6)])
    pairs = {
        (int(one), int(other))
        for ones, others, _ in here.near(places[:3], 1.5, pairs_at_once)
        for one, other in zip(ones, others, strict=True)
    }
    assert pairs == {(0, 1), (1, 0), (1, 2), (2, 1), (2, 3)}


def test_nothing_of_a_face_that_went_stays_in_memory_and_the_room_shrinks() -> None:
    here = table()
    here.add([(str(number), described([7, 7, 7])) for number in range(1000)])
    here.remove(here.places([str(number) for number in range(995)]))
    assert here._vectors.shape == (3, LEAST_ROOM)
    here.remove(here.places([str(number) for number in range(995, 1000)]))
    assert not here._vectors.any()
    assert len(here) == 0
