"""An allowance for each of many: what one has used up, the others still have."""

import threading
from collections.abc import Callable

MOST = 10_000
"""Members remembered, as many as are worth looking through for those whose allowance is whole again."""


class Allowances:
    """So many at once for each, and then one in so many seconds; nobody waits in here."""

    def __init__(self, at_once: int, seconds_each: float, clock: Callable[[], float]) -> None:
        self._seconds_each = seconds_each
        self._ahead = (at_once - 1) * seconds_each
        self._clock = clock
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}

    def take(self, who: str) -> float:
        """Use one up: 0.0; or, with nothing left, the seconds until there is one again."""
        with self._lock:
            now = self._clock()
            slot = max(self._next.get(who, now), now)
            if slot - now > self._ahead:
                return slot - now - self._ahead
            if len(self._next) >= MOST:
                self._next = {each: at for each, at in self._next.items() if at > now}
            self._next[who] = slot + self._seconds_each
            return 0.0
