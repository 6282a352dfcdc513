"""Work that Slack waits for, three seconds and no longer."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

NO_OPTIONS: Sequence[dict[str, Any]] = ()
"""Where a select is to offer none."""

SECONDS = 2.0
"""Of the three that Slack waits; the rest is for the way."""

AT_ONCE = 8
"""One person's letters come faster than a database that is busy answers."""


class InTime:
    """Threads for it. Of work that takes too long the answer is let go, as Slack would not take it."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="in-time")

    def get(self, work: Callable[[], T], *, late: T) -> T:
        """The work's answer, or `late` where it takes too long, which does not end it. Raises as the work
        does.
        """
        asked = self._threads.submit(work)
        try:
            return asked.result(self._seconds)
        except TimeoutError:
            asked.cancel()
            return late
