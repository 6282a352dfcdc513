"""A rate limit that the bots on several machines keep together."""

import threading

from tagbot.database.models.bookkeeping import RateLimitState
from tagbot.database.shared_clock import shared_now
from tagbot.database.write_lock import writing
from tagbot.errors import Retry

MOST_AHEAD = 60
"""At most so many calls are reserved ahead, as a thread reserves one at a time. A time further ahead was
written by another clock: the server's was set back, or another server took over.
"""


class SharedRateLimit:
    """A rate limit over all bots on one database; the caller's thread is connected to it."""

    def __init__(self, name: str, per_second: float, stop: threading.Event, *, burst: int = 1) -> None:
        """`name` is the limited call's; bots that give the same name share the limit."""
        self._name = name
        self._interval = 1.0 / per_second
        self._ahead = (burst - 1) * self._interval
        self._stop = stop

    def wait(self) -> None:
        """Return when this caller may call; raises `Retry` when the bot stops meanwhile."""
        with writing():
            now = shared_now()  # the database's clock: those of several machines differ
            state = RateLimitState.get_or_none(RateLimitState.name == self._name)
            allowed_at = max(now, state.next_at) if state else now
            if allowed_at > now + MOST_AHEAD * self._interval:
                allowed_at = now
            RateLimitState.insert(name=self._name, next_at=allowed_at + self._interval).on_conflict(
                conflict_target=[RateLimitState.name], preserve=[RateLimitState.next_at]
            ).execute()
        if self._stop.wait(max(0.0, allowed_at - now - self._ahead)):
            raise Retry("the bot is stopping")
