"""Work that Slack waits for, three seconds and no longer."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

SECONDS = 2.0
"""Of the three that Slack waits; the rest is for the way."""

AT_ONCE = 8
"""One person's letters come faster than a database that is busy answers."""


class InTime:
    """Threads for it. Of work that takes too long the answer is let go, as Slack would not take it."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="in-time")

    def or_nothing(self, work: Callable[[], Sequence[T]]) -> Sequence[T]:
        """The list that the work gives; an empty one where it takes too long. Raises as the work does."""
        asked = self._threads.submit(work)
        try:
            return asked.result(self._seconds)
        except TimeoutError:
            asked.cancel()
            return []
