import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagbot.lib.estimates import krippendorff_alpha, wilson_lower_bound


@pytest.mark.parametrize(
    ("right", "of", "bound"),
    # Newcombe (1998), Statistics in Medicine 17, table I: method 3.
    [(81, 263, 0.2553), (15, 148, 0.0624), (0, 20, 0.0), (1, 29, 0.0061)],
)
def test_the_lower_bound_is_wilsons(right: int, of: int, bound: float) -> None:
    assert wilson_lower_bound(right, of) == pytest.approx(bound, abs=5e-5)


def test_nothing_counted_has_no_bound() -> None:
    assert wilson_lower_bound(0, 0) is None


@given(st.integers(1, 2000), st.data())
def test_the_bound_is_below_the_share_and_grows_with_it(of: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, of - 1))
    bounds = [wilson_lower_bound(each, of) for each in (right, right + 1)]
    assert bounds[0] is not None
    assert bounds[1] is not None
    assert 0 <= bounds[0] <= right / of + 1e-12
    assert bounds[0] < bounds[1]


def units(*observers: str) -> list[list[str]]:
    """From what each observer said of each unit; `.` is nothing."""
    return [[answer for answer in unit if answer != "."] for unit in zip(*observers, strict=True)]


# Krippendorff (2011), “Computing Krippendorff's Alpha-Reliability”, examples A to C.
EXAMPLES = [
    (units("0100000010", "1110010000"), 0.095),
    (units("aabbdcccedda", "babbbccceddd"), 0.692),
    (units("123321412...", "1233224125.3", ".3332342251.", "12332441251."), 0.743),
]


@pytest.mark.parametrize(("answers", "alpha"), EXAMPLES)
def test_published_examples(answers: list[list[str]], alpha: float) -> None:
    assert krippendorff_alpha(answers) == pytest.approx(alpha, abs=5e-4)


def test_units_with_one_answer_say_nothing() -> None:
    assert krippendorff_alpha([*EXAMPLES[1][0], ["a"], [], ["z"]]) == krippendorff_alpha(EXAMPLES[1][0])


@pytest.mark.parametrize("nothing", [[], [[]], [["a"], ["b"]], [["a", "a"], ["a", "a"]]])
def test_without_two_different_answers_it_cannot_be_said(nothing: list[list[str]]) -> None:
    assert krippendorff_alpha(nothing) is None


def test_it_is_one_where_all_agree_and_nothing_where_they_agree_by_chance() -> None:
    chance = random.Random(1)
    assert krippendorff_alpha([["a", "a", "a"], ["b", "b"]]) == 1
    by_chance = [[chance.choice("abc"), chance.choice("abc")] for _ in range(20_000)]
    assert krippendorff_alpha(by_chance) == pytest.approx(0, abs=0.02)


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=4), max_size=12))
def test_it_is_what_its_definition_says(answered: list[list[str]]) -> None:
    """Observed over expected disagreement, from all ordered pairs within a unit, and among all answers."""
    paired = [unit for unit in answered if len(unit) > 1]
    everything = list(itertools.chain(*paired))
    observed = sum(
        sum(one != other for one, other in itertools.permutations(unit, 2)) / (len(unit) - 1)
        for unit in paired
    )
    expected = sum(one != other for one, other in itertools.permutations(everything, 2))
    if expected:
        total = len(everything)
        wanted = 1 - (observed / total) / (expected / (total * (total - 1)))
        assert krippendorff_alpha(answered) == pytest.approx(wanted)
    else:
        assert krippendorff_alpha(answered) is None
