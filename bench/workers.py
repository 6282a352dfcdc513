"""Workers on one queue, timed from when all of them have everything open to the last message handled."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

PATIENCE_SECONDS = 60.0
"""For all workers to be ready."""

Step = Callable[[], bool]
"""Handles one message, and acknowledges it; whether there was one."""


class Handled:
    """Counts what the workers have done."""

    def __init__(self, expected: int) -> None:
        self._left = expected
        self._lock = threading.Lock()
        self.last_at = 0.0

    @property
    def all(self) -> bool:
        """Whether nothing is left to do."""
        return self._left <= 0

    def one(self) -> None:
        """A message was acknowledged."""
        with self._lock:
            self.last_at = time.perf_counter()
            self._left -= 1

    def give_up(self) -> None:
        """Nobody waits for the others' messages any more."""
        self._left = 0


def seconds_for(
    count: int,
    workers: int,
    at_work: Callable[[], AbstractContextManager[Step]],
    feed: Callable[[], object] = lambda: None,
) -> float:
    """How long so many messages take, which `feed` puts, unless they lie there.

    Each worker is a thread that opens `at_work`, once all are ready.
    """
    handled, ready = Handled(count), threading.Barrier(workers + 1, timeout=PATIENCE_SECONDS)

    def work() -> None:
        try:
            with at_work() as step:
                ready.wait()
                while not handled.all:
                    if step():
                        handled.one()
        except threading.BrokenBarrierError:
            return  # another one failed, and says why
        except BaseException:
            ready.abort()
            handled.give_up()
            raise

    with ThreadPoolExecutor(workers) as threads:
        working = [threads.submit(work) for _ in range(workers)]
        try:
            ready.wait()
            started = time.perf_counter()
            feed()
        except BaseException:
            handled.give_up()
            for each in working:
                each.result()  # its own failure says more than that it did not come
            raise
        for each in working:
            each.result()
    return handled.last_at - started
