"""Durable queues: the interface that every engine keeps.

Delivery is at least once: a message is handed out until it is acknowledged, also after a crash.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages a queue holds."""

    ready: int = 0
    delayed: int = 0
    """Waiting for their next attempt."""
    in_flight: int = 0
    """In a stage's hands."""
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Messages of one queue that failed for the same reason."""

    state: str
    """`delayed` or `dead`."""
    error: str
    count: int
    since: float
    """When the oldest of them was first seen; seconds since 1970."""
    until: float | None = None
    """When the next of them is tried again; None for dead letters."""


class Delivery(Protocol):
    """One handing-out of a message. Exactly one of `ack`, `retry_after` and `bury` ends it.

    None of them raises `Retry`: an engine that cannot be reached is told later, by the next `get`s. A crash
    before that only brings the message again.
    """

    @property
    def id(self) -> str:
        """Id of the message."""

    @property
    def body(self) -> Mapping[str, Any]:
        """The message's fields."""

    @property
    def attempt(self) -> int:
        """1 for the first handing-out; grows by one with each `retry_after`."""

    def ack(self) -> None:
        """The message is done and leaves the queue."""

    def retry_after(self, seconds: float, error: str) -> None:
        """Hand it out again, not before `seconds` have passed, also when the process dies meanwhile."""

    def bury(self, error: str) -> None:
        """Keep it as a dead letter, on the disk when this returns."""


class SharedQueue(Protocol):
    """What any process may do with a durable queue, also beside the running bot. From any thread."""

    @property
    def name(self) -> str:
        """As in the flow: `images-in-db`, `face-tagging` and so on."""

    def put(self, message_id: str, key: str, body: Mapping[str, Any]) -> None:
        """Store a message: it survives a power cut once this returns. Raises `Retry` if it cannot be stored.

        `key` is what the message is about (a face's id). A message whose id is ready or delayed is not
        stored a second time; while it is in flight, it is handed out once more when that has ended well; one
        whose id is that of a dead letter revives it.
        """

    def counts(self) -> Counts:
        """Counted afresh."""

    def troubles(self) -> list[Trouble]:
        """Why messages wait for another attempt or are dead, the most frequent reason first."""

    def oldest(self) -> float | None:
        """When the oldest message that is not done yet (ready, delayed or in flight) was first seen, in
        seconds since 1970; None when there is none.
        """

    def holds(self, message_id: str) -> bool:
        """Whether the message is here: ready, delayed, in flight or dead."""

    def redrive(self, key: str | None = None) -> int:
        """Make dead letters ready again (those about `key`, or all), attempts counted anew; how many."""

    def close(self) -> None:
        """Let go of files and connections; waiting `get`s return None."""


class Queue(SharedQueue, Protocol):
    """A durable queue in the process that works on it.

    Every method but `close` raises `Retry` when the engine cannot be reached: the disk is full, say.
    """

    def get(self, timeout: float) -> Delivery | None:
        """The oldest message that is ready; waits up to `timeout` seconds for one, None when none came."""

    def tidy(self) -> None:
        """Drop what is done; called from time to time."""
