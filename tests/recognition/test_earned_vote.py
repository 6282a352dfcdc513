import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagbot.lib.estimates import Record
from tagbot.recognition.earned_vote import AUDITED, Opinion, has_vote, is_audited, opinion
from tagbot.recognition.resemblance import Resemblance
from tests.recognition.people import THRESHOLDS

EARNED = Record(381, 381)
NOT_AUDITED = next(each for each in map(str, range(1000)) if not is_audited(each))
GOES_WITHOUT = next(each for each in map(str, range(1000)) if is_audited(each))


@pytest.mark.rule("machine-record-of-people-alone")
@pytest.mark.parametrize(
    ("sure", "right", "earned"),
    [(0, 0, False), (380, 380, False), (381, 381, True), (562, 561, False), (563, 562, True),
     (1000, 997, True), (1000, 996, False), (1000, 0, False)],
)  # fmt: skip
def test_the_vote_is_earned_where_the_lower_bound_is_99_percent(sure: int, right: int, earned: bool) -> None:
    assert Record(sure, right).earns_vote is earned


@given(st.integers(0, 380), st.integers(0, 1000))
def test_no_number_of_right_ones_below_381_is_enough(right: int, wrong: int) -> None:
    record = Record(right + wrong, right)
    assert not record.earns_vote
    assert not has_vote(NOT_AUDITED, 100, is_earned=record.earns_vote)


def test_a_record_of_nothing_has_no_precision() -> None:
    assert (Record(0, 0).precision, Record(0, 0).lower_bound) == (None, None)
    assert Record(4, 3).precision == 0.75


def test_a_person_with_fewer_than_three_faces_in_the_model_gets_no_vote() -> None:
    assert not has_vote(NOT_AUDITED, 2, is_earned=True)
    assert has_vote(NOT_AUDITED, 3, is_earned=True)


@pytest.mark.rule("machine-record-of-people-alone")
def test_one_request_in_twenty_goes_without_the_same_each_time() -> None:
    audited = [number for number in range(20_000) if is_audited(f"request {number}")]
    assert len(audited) == pytest.approx(20_000 / AUDITED, rel=0.1)
    assert audited == [number for number in range(20_000) if is_audited(f"request {number}")]
    assert not has_vote(GOES_WITHOUT, 100, is_earned=True)


def test_the_machine_is_sure_of_who_is_near_with_nobody_else_near() -> None:
    anna, ben = Resemblance("Anna", (0.25, 0.5)), Resemblance("Ben", (0.75, 0.75))
    assert opinion([anna, ben], THRESHOLDS.nearness) == Opinion("Anna", distance=0.375, margin=0.375)
    assert opinion([anna], THRESHOLDS.nearness) == Opinion("Anna", distance=0.375, margin=float("inf"))


def test_it_is_sure_of_nobody_of_whom_it_has_compared_one_face() -> None:
    assert opinion([Resemblance("Anna", (0.2,), learned=1)], THRESHOLDS.nearness) is None
    assert opinion([Resemblance("Anna", (0.2,), learned=2)], THRESHOLDS.nearness) is not None


@pytest.mark.parametrize(
    "nearest",
    [
        [],
        [Resemblance("Anna", (0.51,)), Resemblance("Ben", (0.9,))],
        [Resemblance("Anna", (0.3,)), Resemblance("Ben", (0.39,))],
        [Resemblance("Anna", (0.3, 0.45)), Resemblance("Ben", (0.9, 0.44))],
    ],
    ids=["it knows nobody", "too far", "another is near as well", "one of the faces is nearer to another"],
)
def test_otherwise_it_has_no_opinion(nearest: list[Resemblance]) -> None:
    assert opinion(nearest, THRESHOLDS.nearness) is None


@pytest.mark.rule("machine-only-beside-people")
@given(
    st.lists(st.lists(st.floats(0, 1.5), min_size=3, max_size=3), min_size=1, max_size=6), st.integers(1, 3)
)
def test_an_opinion_is_one_for_all_faces(distances: list[list[float]], faces: int) -> None:
    nearest = sorted(
        (Resemblance(str(person), tuple(each[:faces])) for person, each in enumerate(distances)),
        key=lambda each: each.distance,
    )
    told = opinion(nearest, THRESHOLDS.nearness)
    if told is not None:
        assert told.person == nearest[0].person
        assert told.distance <= THRESHOLDS.nearness.sure
        for face in range(faces):
            assert min(each.distances[face] for each in nearest) == nearest[0].distances[face]
