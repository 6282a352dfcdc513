"""Finding messages of ours again in the channel, by their metadata: few looks serve many who look."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tagbot.errors import Reject, Retry
from tagbot.slack.request_id import FACE_IDS

SETTLE_SECONDS = 5.0
"""How long a post whose answer never came may still take to appear in the channel's history."""

CLOCK_SECONDS = 60.0
"""Seconds by which Slack's clock may be behind ours when a post is looked up by time."""

FORGOTTEN_SECONDS = 3600.0
"""After so long nobody asks any more what became of a post: a click has told that it is there, say."""

Read = Callable[[float], Iterator[Mapping[str, Any]]]
"""The channel's messages since a time, with their metadata; seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The metadata by which a message is found again."""

    event_type: str
    payload: str

    @classmethod
    def of(cls, event_type: str, payload: Mapping[str, Any]) -> "Mark":
        """The order in which the payload is written plays no part, nor do the faces beside the first: some
        may have left the request.
        """
        told = {name: value for name, value in payload.items() if name != FACE_IDS}
        return cls(event_type, json.dumps(told, sort_keys=True))


@dataclass(slots=True)
class _Look:
    """One reading of the history."""

    began: float
    since: float
    found: dict[Mark, str] = field(default_factory=dict)
    """By mark: the `ts` of the newest message that has it."""
    failure: Retry | Reject | None = None


@dataclass(frozen=True, slots=True)
class _Lost:
    """A post of this process whose outcome is unknown."""

    since: float
    """Before it was made; seconds since 1970."""
    settled: float
    """From when on a look sees it if it took effect; by the clock."""


class History:
    """Looks at the channel's history, which Slack limits. One look serves all who asked before it began, and
    all whose post had settled before it began: neither can have missed what they look for.
    """

    def __init__(self, read: Read, clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._looking = threading.Lock()
        self._last: _Look | None = None
        self._lost: dict[Mark, _Lost] = {}

    def lost(self, mark: Mark, since: float) -> None:
        """A post that was made since then has just ended without an answer."""
        now = self._clock()
        self._lost[mark] = _Lost(since, now + SETTLE_SECONDS)
        for other, lost in list(self._lost.items()):
            if lost.settled < now - FORGOTTEN_SECONDS:
                self.settled(other)

    def settled(self, mark: Mark) -> None:
        """The outcome of the post is known."""
        self._lost.pop(mark, None)

    def find(self, mark: Mark, since: float) -> str | None:
        """The `ts` of the message with this mark posted after `since` (seconds since 1970), if there is
        one.
        """
        asked = self._clock()
        with self._looking:
            look = self._last
            if look is None or look.since > since or not self._serves(look, mark, asked):
                look = self._last = self._look(since)
        if look.failure is not None:
            raise look.failure
        self.settled(mark)
        return look.found.get(mark)

    def _serves(self, look: _Look, mark: Mark, asked: float) -> bool:
        """Whether a look cannot have missed what somebody looks for who asked then."""
        if look.began > asked:
            return True
        # Of posts of other processes, or from before a crash, nobody knows here when they ended.
        lost = self._lost.get(mark)
        return lost is not None and look.began >= lost.settled and look.failure is None

    def _look(self, since: float) -> _Look:
        """Far enough back for everybody who will ask what became of a post."""
        since = min([since, *(lost.since for lost in list(self._lost.values()))])
        look = _Look(self._clock(), since)
        try:
            for message in self._read(since - CLOCK_SECONDS):
                metadata = message.get("metadata") or {}
                mark = Mark.of(str(metadata.get("event_type")), metadata.get("event_payload") or {})
                look.found.setdefault(mark, str(message["ts"]))
        except (Retry, Reject) as why:  # all who waited for this very look fail with it
            look.failure = why
        return look
