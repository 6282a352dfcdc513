import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.workers import Step, seconds_for


def test_the_clock_starts_when_every_worker_is_ready_and_stops_with_the_last_message() -> None:
    messages: queue.SimpleQueue[int] = queue.SimpleQueue()
    ready_at: list[float] = []
    fed_at: list[float] = []
    handled_at: list[float] = []
    closed_at: list[float] = []

    @contextmanager
    def at_work() -> Iterator[Step]:
        time.sleep(0.1)  # what opening everything takes
        ready_at.append(time.perf_counter())
        yield step
        closed_at.append(time.perf_counter())

    def step() -> bool:
        try:
            messages.get(timeout=0.01)
        except queue.Empty:
            return False
        handled_at.append(time.perf_counter())
        return True

    def feed() -> None:
        assert len(ready_at) == 2
        fed_at.append(time.perf_counter())
        for number in range(20):
            messages.put(number)

    seconds = seconds_for(20, 2, at_work, feed)

    assert max(handled_at) - fed_at[0] <= seconds <= min(closed_at) - max(ready_at)


@pytest.mark.parametrize("when", ["before it is ready", "at its first message"])
def test_a_worker_that_fails_ends_the_others_and_says_why(when: str) -> None:
    first = threading.Lock()

    @contextmanager
    def at_work() -> Iterator[Step]:
        fails = first.acquire(blocking=False)
        if fails and when == "before it is ready":
            raise LookupError(when)

        def step() -> bool:
            if fails:
                raise LookupError(when)
            return False

        yield step

    with pytest.raises(LookupError, match=when):
        seconds_for(1, 2, at_work)
