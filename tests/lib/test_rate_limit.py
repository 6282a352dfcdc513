"""Rate limits: evenly spaced, first come first served; and methods that are to be left alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tagbot.errors import Retry
from tagbot.lib.rate_limit import BackOffs, OwnRateLimit
from tests.lib.clock import Clock, Nap


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="nap")
def _nap(clock: Clock) -> Nap:
    return Nap(clock)


def passes(limit: OwnRateLimit, clock: Clock, times: int) -> list[float]:
    """When each of so many callers in a row may pass, in seconds from now."""
    start, passed = clock.now, []
    for _ in range(times):
        limit.wait()
        passed.append(round(clock.now - start, 6))
    return passed


def test_callers_pass_evenly_spaced(clock: Clock, nap: Nap) -> None:
    assert passes(OwnRateLimit(2.0, nap, clock=clock), clock, 4) == [0.0, 0.5, 1.0, 1.5]


def test_a_pause_is_not_saved_up(clock: Clock, nap: Nap) -> None:
    limit = OwnRateLimit(1.0, nap, clock=clock)
    limit.wait()
    clock.now += 100.0
    assert passes(limit, clock, 3) == [0.0, 1.0, 2.0]


def test_who_comes_in_time_need_not_wait(clock: Clock, nap: Nap) -> None:
    limit = OwnRateLimit(1.0, nap, clock=clock)
    for _ in range(5):
        limit.wait()
        clock.now += 1.0
    assert nap.naps == []


def test_a_burst_passes_at_once_and_then_the_limit_is_kept(clock: Clock, nap: Nap) -> None:
    limit = OwnRateLimit(1.0, nap, burst=3, clock=clock)
    assert passes(limit, clock, 6) == [0.0, 0.0, 0.0, 1.0, 2.0, 3.0]


def test_a_pause_gives_no_more_than_one_burst(clock: Clock, nap: Nap) -> None:
    limit = OwnRateLimit(1.0, nap, burst=3, clock=clock)
    passes(limit, clock, 3)
    clock.now += 1000.0
    assert passes(limit, clock, 5) == [0.0, 0.0, 0.0, 1.0, 2.0]


@pytest.mark.rule("slack-pace")
def test_updates_never_exceed_what_slack_allows_in_a_minute(clock: Clock, nap: Nap) -> None:
    limit = OwnRateLimit(40 / 60, nap, burst=10, clock=clock)
    times = passes(limit, clock, 200)
    assert max(sum(start <= at < start + 60 for at in times) for start in times) <= 50


def test_the_end_of_the_bot_ends_all_waiting() -> None:
    stop = threading.Event()
    limit = OwnRateLimit(0.001, stop)
    limit.wait()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(limit.wait)
        stop.set()
        with pytest.raises(Retry):
            waiting.result(5)


def test_callers_from_many_threads_pass_one_at_a_time() -> None:
    clock = Clock()
    nap = Nap(clock)
    limit = OwnRateLimit(10.0, nap, clock=lambda: 1000.0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: limit.wait(), range(8)))
    assert sorted(nap.naps) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]


def test_a_method_is_left_alone_for_as_long_as_was_asked(clock: Clock) -> None:
    back_offs = BackOffs(clock)
    assert back_offs.remaining("chat.update") == 0.0
    back_offs.back_off("chat.update", 5.0)
    assert (back_offs.remaining("chat.update"), back_offs.remaining("chat.postMessage")) == (5.0, 0.0)
    clock.now += 3.0
    assert back_offs.remaining("chat.update") == 2.0
    back_offs.back_off("chat.update", 1.0)
    assert back_offs.remaining("chat.update") == 2.0, "a shorter wait does not cut a longer one"
    clock.now += 2.0
    assert back_offs.remaining("chat.update") == 0.0
