from collections.abc import Iterator

import pytest

from bench.__main__ import has_failed, tried
from bench.child import Failed, Missing, in_child
from bench.rounds import interleaved
from bench.table import Line, NotMeasured

LINE = NotMeasured("a figure", "a peer", Missing("it is not here"))


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (ZeroDivisionError("oh"), "not measured, it failed: ZeroDivisionError: oh"),
        (Failed("it took too long"), "not measured, it took too long"),
    ],
)
def test_a_figure_that_fails_keeps_its_lines_says_why_and_is_told_by_the_exit_code(
    raised: Exception, told: str
) -> None:
    def measure() -> Iterator[Line]:
        yield LINE
        raise raised

    first, last = tried("hop", measure)

    assert first is LINE
    assert told in last.cells()[2]
    assert has_failed([first, last])


def test_what_is_not_on_the_machine_is_no_failure() -> None:
    assert not has_failed([LINE])


@pytest.mark.process
def test_a_child_that_fails_is_told_by_its_last_words() -> None:
    with pytest.raises(Failed, match="JSONDecodeError"):
        in_child("json:loads", s="{")


def test_of_what_could_not_be_measured_there_are_no_figures() -> None:
    def fails() -> float:
        raise Failed("it was stuck")

    results = interleaved({"ours": fails, "peer": lambda: 1.0}, rounds=2)

    assert results.of("peer") == [1.0, 1.0]
    with pytest.raises(Failed, match="stuck"):
        results.of("ours")
