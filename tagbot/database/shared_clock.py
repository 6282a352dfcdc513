"""The clock that a bot goes by: its machine's, put right by the one that all bots on a database share.

One bot compares the times that another one wrote with its own: whether a click came before a request was
shown closed, say. Machines whose clocks differ by seconds would take each other's answers for late ones.
"""

import time
from collections.abc import Callable

from tagbot.database.models.base import database


def shared_now() -> float:
    """Seconds since 1970, by the database's clock; this thread is connected."""
    now: float = database.obj.now()
    return now


class SharedClock:
    """The machine's clock, and how far the shared one is ahead of it; from any thread.

    While the database is away, it goes on as it was last put right.
    """

    def __init__(self, own: Callable[[], float] = time.time) -> None:
        """`own` is the machine's; seconds since 1970."""
        self._own = own
        self._ahead = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return self._own() + self._ahead

    def put_right(self) -> None:
        """Ask the database, to which the caller's thread is connected; right to half the time that it takes
        to answer.
        """
        asked = self._own()
        shared = shared_now()
        self._ahead = shared - (asked + self._own()) / 2
