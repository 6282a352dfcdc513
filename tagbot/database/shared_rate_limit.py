"""Keeping to a pace together with the bots on other machines."""

import threading

from tagbot.database import shared_now
from tagbot.database.models import Turn, writing
from tagbot.errors import Retry

MOST_AHEAD = 60
"""So many turns lie ahead at most, as a thread takes one at a time. What is further ahead was written by
another clock: the server's was set back, or another server took over.
"""


class SharedPace:
    """A `Pace` over all bots on one database; the caller's thread is connected to it."""

    def __init__(self, name: str, per_second: float, stop: threading.Event, *, burst: int = 1) -> None:
        """`name` is what the bots do at this pace."""
        self._name = name
        self._interval = 1.0 / per_second
        self._ahead = (burst - 1) * self._interval
        self._stop = stop

    def wait(self) -> None:
        """Return when it is this caller's turn; raises `Retry` when the bot stops meanwhile."""
        if self._stop.wait(max(0.0, self._take_turn() - self._ahead)):
            raise Retry("the bot is stopping")

    def _take_turn(self) -> float:
        """Seconds until it comes, by the database's clock: those of several machines differ."""
        with writing():
            now = shared_now()
            taken = Turn.get_or_none(Turn.name == self._name)
            turn = max(now, taken.next_at) if taken else now
            if turn > now + MOST_AHEAD * self._interval:
                turn = now
            Turn.insert(name=self._name, next_at=turn + self._interval).on_conflict(
                conflict_target=[Turn.name], preserve=[Turn.next_at]
            ).execute()
        return float(turn - now)
