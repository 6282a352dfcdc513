"""An allowance for each of many."""

import pytest

from tagbot.lib import allowances
from tagbot.lib.allowances import Allowances
from tests.lib.clock import Clock


def test_so_many_are_there_at_once_and_then_one_in_a_while() -> None:
    clock = Clock()
    three = Allowances(3, 5.0, clock)
    assert [three.take("Anna") for _ in range(5)] == [0.0, 0.0, 0.0, 5.0, 5.0]
    clock.now += 4.0
    assert three.take("Anna") == pytest.approx(1.0)
    clock.now += 1.0
    assert [three.take("Anna"), three.take("Anna")] == [0.0, 5.0]
    clock.now += 1000.0
    assert [three.take("Anna") for _ in range(4)] == [0.0, 0.0, 0.0, 5.0]


def test_what_one_has_used_up_the_others_still_have() -> None:
    one = Allowances(1, 5.0, Clock())
    assert [one.take("Anna"), one.take("Anna"), one.take("Ben")] == [0.0, 5.0, 0.0]


def test_those_whose_allowance_is_whole_again_are_forgotten() -> None:
    clock = Clock()
    one = Allowances(1, 5.0, clock)
    for number in range(allowances.MOST):
        one.take(str(number))
    clock.now += 6.0
    one.take("one more")
    assert len(one._next) == 1
