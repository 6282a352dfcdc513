"""Which messages the stages have in hand, and since when: so a stage that hangs is noticed, and one that gets
none.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tagbot.lib.health import Health

log = logging.getLogger(__name__)

HANGS_SECONDS = 120.0
"""Whatever a stage asks of others ends by itself well before this; who takes longer, hangs."""

TAKING = "Taking messages"
"""What `WorkInFlight.health` is about, in words."""


@dataclass(frozen=True, slots=True)
class Work:
    """A message that a stage has had in hand for long."""

    stage: str
    message: str
    seconds: float


class WorkInFlight:
    """Told by the workers, asked by `status` and the watchdog; from any thread."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, now: Callable[[], float] = time.time
    ) -> None:
        """`clock` is never set, `now` is in seconds since 1970."""
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[object, tuple[str, str, float]] = {}
        self._told: set[object] = set()
        self.health = Health(now)
        """Of taking messages, and of saying what became of them."""

    @contextmanager
    def tracking(self, stage: str, message: str) -> Iterator[None]:
        """A stage works on a message."""
        hand = object()
        taken_at = self._clock()
        with self._lock:
            self._taken[hand] = (stage, message, taken_at)
        try:
            yield
        finally:
            with self._lock:
                del self._taken[hand]
                told = hand in self._told
                self._told.discard(hand)
            if told:
                log.warning(
                    "%s came back from message=%s after %d s", stage, message, self._clock() - taken_at
                )

    def hung(self) -> list[Work]:
        """What has been in hand for longer than `HANGS_SECONDS`, the longest first."""
        return [held for _, held in self._long()]

    def watch(self) -> None:
        """Tell the log, once for each message; that it came back, is told when it does."""
        for hand, held in self._long():
            with self._lock:
                new = hand in self._taken and hand not in self._told
                if new:
                    self._told.add(hand)
            if new:
                log.warning("%s hangs: message=%s in hand for %d s", held.stage, held.message, held.seconds)

    def _long(self) -> list[tuple[object, Work]]:
        now = self._clock()
        with self._lock:
            taken = sorted(self._taken.items(), key=lambda item: item[1][2])
        return [
            (hand, Work(stage, message, now - since))
            for hand, (stage, message, since) in taken
            if now - since > HANGS_SECONDS
        ]
