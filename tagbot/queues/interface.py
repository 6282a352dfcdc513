"""A durable queue, as every engine keeps it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tagbot.queues.counts import Counts, Failing, Trouble


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as it lies in a queue that no process works on. Times are seconds since 1970."""

    number: int
    """Its queue tells it from any other by this."""
    id: str
    """Empty for an unreadable one."""
    key: str
    text: str
    """Its envelope as JSON, with when it was first seen; of an unreadable one, all there is."""
    state: str
    """`ready`, `delayed` or `dead`."""
    seen: float
    attempt: int
    """The next one's number."""
    not_before: float
    """When a delayed one is due."""
    error: str
    """Why it is delayed or dead."""
    failing_since: float | None = None
    """When it first failed, if it has failed at each attempt since; None for a dead letter that never can
    work.
    """


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An engine's answer when it has taken a message over."""

    note: str
    """The id under which it notes why the message is delayed or dead."""
    md5: str
    """Of the text that it has stored, in hexadecimal."""
    place: str = ""
    """Where it lies: one of `FillableQueue.places`. Earlier versions did not note it."""


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

    def bury(self, error: str, *, given_up: bool = False) -> None:
        """Keep it as a dead letter, on the disk when this returns. It is `given_up` if what it failed at may
        work again; otherwise the message never can.
        """


class SharedQueue(Protocol):
    """A durable queue for any process, also beside the running bot, and for any thread."""

    @property
    def name(self) -> str:
        """As in the flow: `images-in-db`, `face-tagging` and so on."""

    def put(self, message_id: str, key: str, body: Mapping[str, Any]) -> None:
        """Store a message: it survives a power cut once this returns. Raises `Retry` if it cannot be stored.

        `key` is what the message is about (a face's id). A message whose id is ready or delayed is not
        handed out a second time for that; while it is in flight, it is handed out once more when that has
        ended well; one whose id is that of a dead letter revives it. An engine may forget twins at a restart,
        or over several bots: every stage may be given the same message twice.
        """

    def counts(self) -> Counts:
        """Counted afresh, as exactly as the engine can."""

    def troubles(self) -> list[Trouble]:
        """Why messages wait for another attempt or are dead, the most frequent reason first."""

    def oldest(self) -> float | None:
        """When the oldest message that is not done yet (ready, delayed or in flight) was first seen, in
        seconds since 1970; None when there is none. An engine that cannot look at what is ready leaves that
        out.
        """

    def holds(self, message_id: str) -> bool:
        """Whether the message is here: ready, delayed, in flight or dead. An engine that cannot look says so
        for as long as it may be.
        """

    def why_dead(self, message_id: str) -> str | None:
        """Why the message is a dead letter; None where it is none."""

    def drop(self, concerns: Callable[[str], bool]) -> int:
        """Delete the messages whose text is such, in whatever state; how many. Raises `Retry` where one of
        them is in flight, or some cannot be looked at just now.
        """

    def found(self, wanted: Collection[bytes]) -> set[bytes]:
        """Those of the wanted bytes that stand in its files; none where it has none on this machine."""

    def redrive(self, key: str | None = None) -> int:
        """Make dead letters ready again (those about `key`, or all), attempts counted anew; how many."""

    def close(self) -> None:
        """Let go of files and connections; waiting `get`s return None."""


class FillableQueue(SharedQueue, Protocol):
    """A queue that can take over the messages of another engine's, while no process works on either."""

    def places(self) -> frozenset[str]:
        """Where its messages lie, as far as that is made already: each by a name that nothing else will ever
        have. A place that is deleted and made anew is another one, and so is the same in another account.
        """

    def prepare(self) -> None:
        """Make the places that are missing. Raises `Retry`."""

    def fill(self, stored: Stored, mark: str) -> Confirmed:
        """Store a message in its state; once, also if this is called with the same `mark` again within
        minutes. Raises `Retry` if it cannot be stored, and `Reject` if it never can.
        """


class Queue(SharedQueue, Protocol):
    """A durable queue in the process that works on it.

    Every method but `close` raises `Retry` when the engine cannot be reached: the disk is full, say.
    """

    def get(self, timeout: float) -> Delivery | None:
        """The oldest message that is ready, of those about the same key at least; waits up to `timeout`
        seconds for one, None when none came.
        """

    def failing(self) -> Failing:
        """Since when messages fail. A redrive begins anew."""

    def tidy(self) -> None:
        """Drop what is done; called from time to time."""
