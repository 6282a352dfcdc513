"""Which request stands in which place of a Home: nothing moves there under a finger that answers."""

import pytest

from tagbot.slack.home_order import HELD_SECONDS, LEFT_SECONDS, HomeOrder, Pictured, Place
from tagbot.slack.home_view import MOST_ASKED

MANY = [f"request {number}" for number in range(MOST_ASKED + 3)]
SHOWN = MANY[:MOST_ASKED]


def drawn(waiting: list[str] = MANY, order: HomeOrder | None = None, now: float = 0.0) -> HomeOrder:
    """The order of a Home that Slack shows at once."""
    return (order or HomeOrder()).arranged(waiting, {}, (), now).shown(now)


def without(*answered: str) -> list[str]:
    return [each for each in MANY if each not in answered]


def requests(order: HomeOrder) -> list[str]:
    return [each.request for each in order.places]


def waits(order: HomeOrder) -> list[str]:
    return [each.request for each in order.places if each.is_waiting]


@pytest.mark.rule("places-at-home")
def test_what_waits_is_shown_in_its_order_as_far_as_there_is_room() -> None:
    assert requests(drawn()) == waits(drawn()) == SHOWN
    assert drawn().changes_at(0.0) == float("inf")


@pytest.mark.rule("places-at-home")
def test_what_was_answered_keeps_its_place_and_then_the_next_takes_that_one() -> None:
    order = drawn(without(SHOWN[1]), drawn(), 10.0)
    assert requests(order) == SHOWN
    assert SHOWN[1] not in waits(order)
    assert order.changes_at(10.0) == 10.0 + HELD_SECONDS
    assert drawn(without(SHOWN[1]), order, 9.9 + HELD_SECONDS) == order
    order = drawn(without(SHOWN[1]), order, 10.0 + HELD_SECONDS)
    assert requests(order) == waits(order) == [SHOWN[0], MANY[MOST_ASKED], *SHOWN[2:]]


@pytest.mark.rule("places-at-home")
def test_the_moment_begins_when_slack_shows_what_was_answered() -> None:
    waiting = without(SHOWN[1])
    lost = drawn().arranged(waiting, {}, (), 10.0)
    later = lost.arranged(waiting, {}, (), 100.0)
    assert requests(later) == SHOWN, "the first was never shown"
    assert later.shown(100.0).changes_at(100.0) == 100.0 + HELD_SECONDS


@pytest.mark.rule("places-at-home")
def test_where_nothing_follows_it_stays_for_a_minute_after_the_last_answer() -> None:
    three = MANY[:3]
    order = drawn(three[1:], drawn(three), 10.0)
    order = drawn(three[2:], order, 40.0)
    assert requests(drawn(three[2:], order, 39.9 + LEFT_SECONDS)) == three
    assert order.changes_at(41.0 + HELD_SECONDS) == 40.0 + LEFT_SECONDS
    gone = drawn(three[2:], order, 40.0 + LEFT_SECONDS)
    assert requests(gone) == three[2:]
    assert gone.changes_at(40.0 + LEFT_SECONDS) == float("inf")


@pytest.mark.rule("places-at-home")
def test_an_answer_that_comes_when_the_minute_is_over_moves_nothing() -> None:
    order = drawn(["b", "c"], drawn(["a", "b", "c"]), 10.0)
    late = order.arranged(["c"], {}, (), 10.0 + LEFT_SECONDS)
    assert requests(late) == ["a", "b", "c"]


@pytest.mark.rule("places-at-home")
def test_one_that_is_asked_later_takes_the_place_of_what_is_done_and_then_room_beneath() -> None:
    order = drawn(["b"], drawn(["a", "b"]), 10.0)
    assert requests(drawn(["b", "c"], order, 20.0)) == ["c", "b"]
    assert requests(drawn(["b", "c"], order, 10.5)) == ["a", "b", "c"]
    assert requests(drawn(["b", "c", "d"], order, 20.0)) == ["c", "b", "d"]


@pytest.mark.rule("places-at-home")
def test_what_waits_again_has_its_controls_in_its_place() -> None:
    order = drawn(["b"], drawn(["a", "b"]), 10.0)
    again = drawn(["b", "a"], order, 11.0)
    assert waits(again) == ["a", "b"]
    assert again == drawn(["a", "b"])


@pytest.mark.rule("places-at-home", "refused-at-home")
def test_what_there_is_something_to_say_about_keeps_its_place() -> None:
    order = drawn(without(SHOWN[1]), drawn(), 10.0)
    held = order.arranged(without(SHOWN[1]), {}, {SHOWN[1]}, 11.0 + LEFT_SECONDS)
    assert requests(held) == SHOWN
    assert held.changes_at(11.0 + LEFT_SECONDS) == float("inf")


@pytest.mark.rule("places-at-home")
@pytest.mark.parametrize(("marks", "is_kept"), [({"a": 1}, True), ({"a": 2}, False), ({}, False)])
def test_pictures_stay_only_as_long_as_they_are_the_same(marks: dict[str, object], is_kept: bool) -> None:
    pictured = Pictured([{"type": "image"}], 1)
    order = HomeOrder([Place("a", pictured=pictured)]).arranged([], marks, (), 10.0).shown(10.0)
    assert [each.pictured for each in order.places] == [pictured if is_kept else None]
    again = order.arranged([], {"a": 1}, (), 11.0)
    assert again == order, "what went does not come back"
    assert [each.pictured for each in order.without_pictures().places] == [None]
