"""Which messages the stages work on, and since when."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tagbot.lib.health import Health

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """A message that a stage works on, as it is at one moment."""

    stage: str
    message: str
    seconds: float
    key: object = field(default=None, compare=False, repr=False)
    """The same at each moment."""


class WorkInFlight:
    """The workers say what they do; any thread may ask."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time
    ) -> None:
        """`clock` is never set, `now` is in seconds since 1970."""
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[object, tuple[str, str, float]] = {}
        self._late: set[object] = set()
        self.health = Health(now)
        """Of taking messages, and of saying what became of them; by the name of the stage."""

    @contextmanager
    def tracking(self, stage: str, message: str) -> Iterator[None]:
        """A stage works on a message, by its id as the log has it."""
        key, taken_at = object(), self._clock()
        with self._lock:
            self._taken[key] = (stage, message, taken_at)
        try:
            yield
        finally:
            with self._lock:
                del self._taken[key]
                was_late = key in self._late
                self._late.discard(key)
            if was_late:
                seconds = self._clock() - taken_at
                log.warning("%s came back from message=%s after %d s", stage, message, seconds)

    def longer_than(self, seconds: float) -> list[Work]:
        """The longest first."""
        now = self._clock()
        with self._lock:
            taken = sorted(self._taken.items(), key=lambda item: item[1][2])
        work = [Work(stage, message, now - since, key) for key, (stage, message, since) in taken]
        return [each for each in work if each.seconds > seconds]

    def becomes_late(self, work: Work) -> bool:
        """Have the log told when it comes back; False where that was asked before, or it is back already."""
        with self._lock:
            is_news = work.key in self._taken and work.key not in self._late
            if is_news:
                self._late.add(work.key)
        return is_news
