"""Answers that are believed for a while."""

import pytest

from tagbot.lib import recent
from tagbot.lib.recent import Recent
from tests.lib.clock import Clock


def test_an_answer_is_believed_for_its_time_and_then_asked_again() -> None:
    clock, asked = Clock(), iter(["old", "new"])
    answers: Recent[str] = Recent(60.0, clock)
    assert not answers.knows("it")
    assert [answers.get("it", lambda: next(asked)) for _ in range(3)] == ["old"] * 3
    assert answers.knows("it")
    clock.now += 61.0
    assert not answers.knows("it")
    assert answers.get("it", lambda: next(asked)) == "new"


def test_a_failed_question_is_not_remembered() -> None:
    answers: Recent[int] = Recent(60.0, Clock())
    with pytest.raises(ZeroDivisionError):
        answers.get("it", lambda: 1 // 0)
    assert answers.get("it", lambda: 1) == 1


def test_old_answers_do_not_pile_up() -> None:
    clock = Clock()
    answers: Recent[int] = Recent(60.0, clock)
    for number in range(recent.MOST):
        answers.get(str(number), lambda: 1)
    clock.now += 61.0
    answers.get("one more", lambda: 1)
    assert len(answers._answers) == 1
