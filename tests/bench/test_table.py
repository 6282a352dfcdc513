import pytest

from bench.child import Missing
from bench.table import (
    AHEAD,
    HEAD,
    Comparison,
    Goal,
    NotMeasured,
    at_least,
    at_most,
    at_most_more,
    between_markers,
    markdown,
    no_goal,
    none_at_all,
)


def compared(ours: list[float], beside: list[float], goal: Goal = AHEAD) -> Comparison:
    return Comparison("a figure", ours, beside, "another", "/s", goal)


def test_the_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    # The medians themselves, 20 and 10, would say 2.
    assert compared([20, 10, 90], [10, 40, 10]).ratio == 2
    assert compared([20, 30, 90], [10, 10, 10]).ratio == 3


def test_the_spread_is_from_the_smallest_ratio_to_the_largest() -> None:
    assert compared([20, 10, 90], [10, 40, 10]).spread == (0.25, 9.0)


def test_how_much_more_is_the_median_of_the_differences() -> None:
    assert compared([50, 70, 60], [20, 20, 20]).more == 40


@pytest.mark.parametrize(
    ("goal", "ours", "verdict"),
    [
        (AHEAD, 10.1, "yes"),
        (AHEAD, 10.0, "no"),
        (at_least(0.6), 6.0, "yes"),
        (at_least(0.6), 5.99, "no"),
        (at_most(1.2), 12.0, "yes"),
        (at_most(1.2), 12.01, "no"),
        (at_most_more(60, "MB"), 70.0, "yes"),
        (at_most_more(60, "MB"), 70.1, "no"),
        (none_at_all(), 0.0, "yes"),
        (none_at_all(), 1.0, "no"),
        (no_goal("it is less safe"), 0.1, "–"),
    ],
)
def test_a_goal_is_reached_or_not(goal: Goal, ours: float, verdict: str) -> None:
    assert goal.verdict(compared([ours] * 3, [10.0] * 3, goal)) == verdict


def test_the_verdict_is_on_the_exact_figures_not_on_the_rounded_ones() -> None:
    cells = compared([5.999] * 3, [10.0] * 3, at_least(0.6)).cells()

    assert (cells[3], cells[-1]) == ("0.60", "no")


def test_once_in_any_round_is_once_too_often() -> None:
    assert none_at_all().verdict(compared([0, 1, 0], [0, 0, 0])) == "no"


def test_a_line_has_a_cell_for_each_column() -> None:
    line = compared([2000.4, 2500, 1999], [1000, 1000, 1000]).cells()

    assert line == ("a figure", "2,000 /s", "another: 1,000 /s", "2.00", "2.00–2.50", "> 1", "yes")
    assert (
        len(line) == len(NotMeasured("a figure", "another", Missing("it is not here")).cells()) == len(HEAD)
    )


def test_beside_nothing_there_is_no_ratio() -> None:
    assert compared([0, 0, 0], [0, 0, 0], none_at_all()).cells()[3:5] == ("–", "–")


def test_what_is_not_there_is_named_as_not_measured() -> None:
    assert (
        "another: not measured, it is not here"
        in NotMeasured("a figure", "another", Missing("it is not here")).cells()
    )


def test_a_table_has_a_line_for_each_row_and_no_bar_too_many() -> None:
    assert markdown(("a", "b"), [("1", "x|y")]) == "| a | b |\n| --- | --- |\n| 1 | x\\|y |"


def test_what_stands_between_the_markers_is_replaced_and_nothing_else() -> None:
    page = "before\n<!-- table: written -->\nold\nlines\n<!-- /table -->\nafter\n"

    written = between_markers(page, "table", r"new \1")

    assert written == "before\n<!-- table: written -->\nnew \\1\n<!-- /table -->\nafter\n"
    assert between_markers(written, "table", r"new \1") == written


@pytest.mark.parametrize("page", ["no marker", "<!-- table: x -->\n<!-- /table -->\n" * 2])
def test_a_page_without_the_marker_or_with_two_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="table"):
        between_markers(page, "table", "new")
