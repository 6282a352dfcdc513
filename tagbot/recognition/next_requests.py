"""Which faces are asked about next, and when: those that look alike together, from what then waits."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # it computes with numpy, which takes long to load
    from tagbot.recognition.waiting_memory import WaitingMemory

QUIET_SECONDS = 4.0
"""While faces keep arriving, as in an import, others that look like those that wait may still come: requests
are formed when none came for so long …
"""

MOST_SECONDS = 120.0
"""… or when it took so long …"""

ALWAYS_OPEN = 1
"""… but for so many, so that there is always something to answer."""


class Arriving(Protocol):
    """A face that has a message that is to ask for it."""

    id: str
    round: int


class NextRequests:
    """Forms the requests of one channel, of so many faces at most."""

    def __init__(
        self, memory: "Callable[[], WaitingMemory]", most: int, places: int, now: Callable[[], float]
    ) -> None:
        """`places` is how many requests may be open."""
        self._memory = memory
        self._most = most
        self._places = places
        self._now = now
        self._last_arrival = float("-inf")
        self._held_since: float | None = None

    def __call__(self, free: int, arriving: Arriving | None) -> Sequence[Sequence[str]]:
        """The faces of the next requests, of no more than there are free places; with an arriving face, of
        its own request alone, and none where others come first.
        """
        now = self._now()
        if arriving is not None and arriving.round == 1:
            self._last_arrival = now
        if self._holds_back(free, now):
            return []
        memory = self._memory()
        if arriving is not None:
            group = memory.group_around(arriving.id, now, self._most, free)
            memory.taken(group)
            return [group] if group else []
        return memory.next_groups(now, self._most, free)

    def _holds_back(self, free: int, now: float) -> bool:
        """Whether it is better to wait for more faces."""
        are_arriving = self._most > 1 and now - self._last_arrival < QUIET_SECONDS
        if not are_arriving or self._places - free < ALWAYS_OPEN:
            self._held_since = self._held_since if are_arriving else None
            return False
        if self._held_since is None:
            self._held_since = now
        return now - self._held_since < MOST_SECONDS
