"""What one person alone is told, beside the work, and at a pace of their own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tagbot.errors import Reject, Retry
from tagbot.slack.api_failures import Busy, NoSuchMember
from tagbot.slack.ephemeral_messages import (
    MOST_WAITING,
    STALE_SECONDS,
    TELLING_SECONDS,
    TOLD_AT_ONCE,
    Tellings,
)
from tests.lib.clock import Clock
from tests.world import heard

PATIENCE = 5.0


class Ears:
    """Who was told what; `fails` are raised first, `held` is waited for."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.fails: list[Exception] = []
        self.held = threading.Event()
        self.held.set()
        self.asked = threading.Event()
        self._changed = threading.Condition()

    def tell(self, member: str, text: str, channel: str) -> None:
        self.asked.set()
        assert self.held.wait(PATIENCE)
        with self._changed:
            self._changed.notify_all()
            if self.fails:
                raise self.fails.pop(0)
            self.heard.append((member, f"{text} {channel}".rstrip()))

    def wait_for(self, happened: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(happened, PATIENCE)


@contextmanager
def telling(ears: Ears, clock: Clock, posts_per_second: float = 1.0) -> Iterator[Tellings]:
    stop = threading.Event()
    tellings = Tellings(ears.tell, stop, clock, posts_per_second=posts_per_second)
    thread = threading.Thread(target=tellings.run)
    thread.start()
    try:
        yield tellings
    finally:
        stop.set()
        tellings.wake()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture(name="ears")
def _ears() -> Ears:
    return Ears()


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.mark.rule("one-holds-up-no-other")
def test_who_has_something_told_does_not_wait_for_slack(ears: Ears, clock: Clock) -> None:
    ears.held.clear()
    with telling(ears, clock) as tellings:
        tellings.tell("Anna", "one")
        assert ears.asked.wait(PATIENCE)
        for number in range(260):
            tellings.tell("Anna", f"wrong {number}")
        assert not tellings.wait_until_told(0.0)
        ears.held.set()
        for number in range(TOLD_AT_ONCE, MOST_WAITING + 2):
            ears.wait_for(lambda number=number: len(ears.heard) == number)  # type: ignore[misc]  # a default
            clock.now += TELLING_SECONDS
            tellings.wake()
        assert tellings.wait_until_told(PATIENCE)
    assert [text for _, text in ears.heard] == [
        "one",
        *(f"wrong {260 - MOST_WAITING + n}" for n in range(MOST_WAITING)),
    ]


@pytest.mark.rule("one-holds-up-no-other")
def test_each_member_has_a_pace_of_their_own(ears: Ears, clock: Clock) -> None:
    with telling(ears, clock) as tellings:
        for number in range(TOLD_AT_ONCE):
            tellings.tell("Anna", f"{number}")
            assert tellings.wait_until_told(PATIENCE)
        for number in range(MOST_WAITING + 7):
            tellings.tell("Anna", f"late {number}")
        tellings.tell("Ben", "hello")
        ears.wait_for(lambda: ("Ben", "hello") in ears.heard)
        assert len(ears.heard) == TOLD_AT_ONCE + 1
        for number in range(MOST_WAITING):
            clock.now += TELLING_SECONDS
            tellings.wake()
            ears.wait_for(lambda number=number: len(ears.heard) == TOLD_AT_ONCE + 2 + number)  # type: ignore[misc]  # a default
        assert tellings.wait_until_told(PATIENCE)
    assert ears.heard[-MOST_WAITING:] == [("Anna", f"late {7 + number}") for number in range(MOST_WAITING)]


@pytest.mark.rule("told-each-time")
def test_all_of_a_dozen_refusals_are_told_each_about_its_own_thing(ears: Ears, clock: Clock) -> None:
    with telling(ears, clock, posts_per_second=10.0) as tellings:
        for number in range(12):
            tellings.tell("Anna", "cannot be chosen", about=f"face {number}")
            tellings.tell("Anna", "cannot be chosen", about=f"face {number}")
        for number in range(TOLD_AT_ONCE, 13):
            ears.wait_for(lambda number=number: len(ears.heard) == number)  # type: ignore[misc]  # a default
            clock.now += TELLING_SECONDS / 10
            tellings.wake()
        assert tellings.wait_until_told(PATIENCE)
    assert ears.heard == [("Anna", "cannot be chosen")] * 12


def test_it_is_told_where_it_happened(ears: Ears, clock: Clock) -> None:
    with telling(ears, clock) as tellings:
        tellings.tell("Anna", "closed")
        tellings.tell("Anna", "closed", "C0OLD")
        assert tellings.wait_until_told(PATIENCE)
    assert ears.heard == [("Anna", "closed"), ("Anna", "closed C0OLD")]


def test_the_same_is_told_once(ears: Ears, clock: Clock) -> None:
    ears.held.clear()
    with telling(ears, clock) as tellings:
        tellings.tell("Ben", "first")
        assert ears.asked.wait(PATIENCE)
        for _ in range(260):
            tellings.tell("Anna", "closed")
        ears.held.set()
        assert tellings.wait_until_told(PATIENCE)
    assert ears.heard == [("Ben", "first"), ("Anna", "closed")]


@pytest.mark.parametrize("busy", [True, False])
def test_what_slack_does_not_take_is_told_later_and_only_its_limits_hold_others_up(
    ears: Ears, clock: Clock, busy: bool
) -> None:
    ears.fails.append(Busy("limited", after=30.0) if busy else Retry("away", after=30.0))
    with telling(ears, clock) as tellings:
        tellings.tell("Anna", "for Anna")
        ears.wait_for(lambda: not ears.fails)
        tellings.tell("Ben", "for Ben")
        if not busy:
            ears.wait_for(lambda: ears.heard == [("Ben", "for Ben")])
        assert not tellings.wait_until_told(0.1)
        clock.now += 31.0
        tellings.wake()
        assert tellings.wait_until_told(PATIENCE)
    assert sorted(ears.heard) == [("Anna", "for Anna"), ("Ben", "for Ben")]


def test_what_could_not_be_told_for_long_is_not_told_any_more(ears: Ears, clock: Clock) -> None:
    ears.fails += [Retry("away"), Retry("still away")]
    with telling(ears, clock) as tellings:
        tellings.tell("Anna", "closed")
        ears.wait_for(lambda: len(ears.fails) == 1)
        clock.now += STALE_SECONDS
        tellings.wake()
        assert tellings.wait_until_told(PATIENCE)
    assert (ears.heard, ears.fails) == ([], [])


@pytest.mark.parametrize(
    ("why", "logged"),
    [
        (NoSuchMember("gone"), "a member cannot be told something: gone"),
        (Reject("wrong"), "a member cannot be told something: wrong"),
        (ZeroDivisionError("a bug"), "bug while a member is told something"),
    ],
)
def test_what_cannot_be_told_keeps_nothing_else_from_being(
    ears: Ears, clock: Clock, why: Exception, logged: str
) -> None:
    ears.fails.append(why)
    with heard(logged) as in_log, telling(ears, clock) as tellings:
        tellings.tell("Anna", "closed")
        assert in_log.wait(PATIENCE)
        tellings.tell("Ben", "hello")
        assert tellings.wait_until_told(PATIENCE)
    assert ears.heard == [("Ben", "hello")]
