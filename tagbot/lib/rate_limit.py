"""Keeping to the pace that the other side allows."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from tagbot.errors import Retry

RETRY_AFTER = 1.0
"""Seconds to leave a method alone that Slack limits without saying for how long."""


class Turns(Protocol):
    """Where callers wait for their turn."""

    def wait(self) -> None:
        """Return when it is this caller's turn; raises `Retry` when the bot stops meanwhile."""


class MakeTurns(Protocol):
    """Makes them for something done so often per second, of which `burst` may be at once after a pause."""

    def __call__(self, name: str, per_second: float, stop: threading.Event, *, burst: int = 1) -> Turns:
        """`name` is what is done; `stop` ends all waiting."""


class Pace:
    """Lets callers through one at a time, first come first served: some at once, then evenly spaced."""

    def __init__(
        self,
        per_second: float,
        stop: threading.Event,
        *,
        burst: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`burst` callers may pass at once after a pause; `stop` ends all waiting."""
        self._interval = 1.0 / per_second
        self._ahead = (burst - 1) * self._interval
        self._stop = stop
        self._clock = clock
        self._lock = threading.Lock()
        self._next = clock()

    def wait(self) -> None:
        """Return when it is this caller's turn; raises `Retry` when the bot stops meanwhile."""
        with self._lock:
            turn = max(self._next, self._clock())
            self._next = turn + self._interval
        if self._stop.wait(max(0.0, turn - self._ahead - self._clock())):
            raise Retry("the bot is stopping")


def own_turns(clock: Callable[[], float] = time.monotonic) -> MakeTurns:
    """For a bot that keeps its pace with nobody else."""

    def make(name: str, per_second: float, stop: threading.Event, *, burst: int = 1) -> Pace:  # noqa: ARG001 - each has its own
        return Pace(per_second, stop, burst=burst, clock=clock)

    return make


class Holds:
    """Remembers which methods the other side asked us to leave alone, and for how long."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def hold(self, method: str, seconds: float) -> None:
        """The other side said `Retry-After`."""
        self._until[method] = max(self._until.get(method, 0.0), self._clock() + seconds)

    def remaining(self, method: str) -> float:
        """Seconds for which the method is still to be left alone; 0 when it may be called."""
        return max(0.0, self._until.get(method, 0.0) - self._clock())


def retry_after(headers: Any) -> float:
    """Seconds; Slack's SDK gives each header as a text or as a list of them."""
    for name, value in dict(headers).items():
        if name.lower() == "retry-after":
            with suppress(ValueError):  # a date, as a proxy may write it
                return float(value[0] if isinstance(value, list) else value)
    return RETRY_AFTER
