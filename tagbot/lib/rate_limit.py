"""Rate limits: calling another side no more often than it allows, and leaving it alone when it says so."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from tagbot.errors import Retry

RETRY_AFTER = 1.0
"""Seconds to leave a method alone that Slack limits without saying for how long."""


class RateLimit(Protocol):
    """So many calls in a time, over all threads that make them."""

    def wait(self) -> None:
        """Return when the next call is allowed; raises `Retry` when the bot stops meanwhile."""


class MakeRateLimit(Protocol):
    """Makes a limit of `per_second` calls, of which `burst` may be made at once after a pause."""

    def __call__(self, name: str, per_second: float, stop: threading.Event, *, burst: int = 1) -> RateLimit:
        """`name` is what is limited; `stop` ends all waiting."""


class OwnRateLimit:
    """A limit of this process alone: first come first served, some at once, then evenly spaced."""

    def __init__(
        self,
        per_second: float,
        stop: threading.Event,
        *,
        burst: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = 1.0 / per_second
        self._ahead = (burst - 1) * self._interval
        self._stop = stop
        self._clock = clock
        self._lock = threading.Lock()
        self._next = clock()

    def wait(self) -> None:
        """Return when the next call is allowed; raises `Retry` when the bot stops meanwhile."""
        with self._lock:
            slot = max(self._next, self._clock())
            self._next = slot + self._interval
        if self._stop.wait(max(0.0, slot - self._ahead - self._clock())):
            raise Retry("the bot is stopping")


def own_rate_limits(clock: Callable[[], float] = time.monotonic) -> MakeRateLimit:
    """For a bot that shares its limits with no other."""

    def make(name: str, per_second: float, stop: threading.Event, *, burst: int = 1) -> OwnRateLimit:  # noqa: ARG001 - each has its own
        return OwnRateLimit(per_second, stop, burst=burst, clock=clock)

    return make


class BackOffs:
    """The methods that the other side asked us to leave alone, and for how long."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def back_off(self, method: str, seconds: float) -> None:
        """Leave a method alone from now on; a shorter time does not cut a longer one."""
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
