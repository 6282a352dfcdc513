"""The state of the connection to Slack, for the operator: in the log and in `status`."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tagbot.slack import words

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """Whether Slack reaches the bot. It is stored by these names of its fields."""

    connections: int
    """How many are open."""
    since: float
    """When the first of them was opened, or the last one ended; seconds since 1970."""
    trouble: str
    """The latest failure, until a connection is opened; empty when all is well."""

    @property
    def is_connected(self) -> bool:
        """Whether clicks in Slack arrive here."""
        return self.connections > 0

    def headline(self) -> str:
        """In a few words, without the time."""
        return f"{self._what()} to Slack{self._but()}"

    def in_words(self) -> str:
        """As a sentence, for people."""
        since = datetime.fromtimestamp(self.since, UTC)
        return f"Slack: {self._what()} since {words.moment(since)}{self._but()}."

    def _what(self) -> str:
        return "connected" if self.is_connected else "not connected"

    def _but(self) -> str:
        if not self.trouble:
            return ""
        return f", but a connection is missing: {self.trouble}" if self.is_connected else f": {self.trouble}"


class ConnectionTracker:
    """Follows the connections; each change that matters is logged once."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._state = ConnectionState(0, now(), "the bot has just started")
        self._logged = self._state.headline()
        self._stopping = False

    @property
    def state(self) -> ConnectionState:
        """As it is now."""
        return self._state

    def seconds(self) -> float:
        """For how long it has been so, whatever the time is by this clock."""
        return self._now() - self._state.since

    def opened(self) -> None:
        """Slack greeted a connection."""
        with self._lock:
            state = self._state
            since = state.since if state.is_connected else self._now()
            self._become(ConnectionState(state.connections + 1, since, ""))

    def closed(self, reason: str) -> None:
        """A connection that had been opened is over; `reason` counts only if it was the last one."""
        with self._lock:
            state = replace(self._state, connections=self._state.connections - 1)
            if not state.is_connected:
                state = replace(state, since=self._now(), trouble=state.trouble or reason)
            self._become(state)

    def failed(self, reason: str) -> None:
        """A connection could not be opened, or Slack took one away."""
        with self._lock:
            self._become(replace(self._state, trouble=reason))

    def stop(self) -> None:
        """The bot stops: the ends of its connections are no longer logged."""
        self._stopping = True

    def _become(self, state: ConnectionState) -> None:
        self._state = state
        if state.headline() != self._logged and not self._stopping:
            self._logged = state.headline()
            up = logging.WARNING if state.trouble else logging.INFO
            log.log(up if state.is_connected else logging.ERROR, "%s", self._logged)
