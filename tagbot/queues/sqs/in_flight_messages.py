"""The messages of one queue that this process has received and not settled yet: in flight, as SQS says."""

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from tagbot.aws.sqs_api import LONGEST_VISIBILITY_TIMEOUT, NotInFlight, Received
from tagbot.errors import Retry
from tagbot.lib.logged_ids import logged
from tagbot.lib.outage_log import OutageLog
from tagbot.queues.envelope import Envelope
from tagbot.queues.sqs.duplicates import Twins
from tagbot.queues.sqs.failure_records import FailureRecord
from tagbot.queues.sqs.queue_pair import VISIBILITY_TIMEOUT_SECONDS, QueuePair

log = logging.getLogger(__name__)

Clock = Callable[[], float]
"""Seconds since 1970."""


@dataclass(slots=True)
class InFlightMessage:
    """One handing-out of a message. Times are seconds since 1970, by the bot's clock."""

    received: Received
    envelope: Envelope
    arrived: float
    attempt: int = 1
    record: FailureRecord | None = None
    """Why it waited, if it did."""
    settled: bool = False
    returned: float | None = None
    """When it was settled, if it is to come again."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held during calls about it, so that an extension does not undo how it was settled."""

    @property
    def id(self) -> str:
        """Of the message."""
        return self.envelope.id

    @property
    def handle(self) -> str:
        """SQS's, of this handing-out."""
        return self.received.handle


def envelope_of(received: Received) -> Envelope:
    """One made of what SQS knows, for a text that is no message."""
    try:
        return Envelope.from_json(received.text)
    except ValueError:
        return Envelope(received.number, received.group, {}, received.sent)


class InFlightMessages:
    """Any thread may use it."""

    def __init__(self, pair: QueuePair, clock: Clock) -> None:
        self.twins = Twins()
        self._pair = pair
        self._clock = clock
        self._lock = threading.Lock()
        """Guards what follows, and how far each message is."""
        self._by_handle: dict[str, InFlightMessage] = {}
        self._outstanding: deque[Callable[[], None]] = deque()
        self._outage = OutageLog()
        """Settlements that SQS or the database refused."""

    def add(self, message: InFlightMessage) -> None:
        """It has been received."""
        with self._lock:
            self._by_handle[message.handle] = message

    def all(self) -> list[InFlightMessage]:
        """In the order in which they came."""
        with self._lock:
            return list(self._by_handle.values())

    # ------------------------------------------------------------ settling

    def settle(self, message: InFlightMessage, *steps: Callable[[], object], returns: bool = False) -> None:
        """Take the steps with which a delivery ends; refused ones are taken later, in their order.

        Until all are taken, the message stays in flight, so that no other bot gets it; a crash before that
        only brings it again. So one that `returns` to the queue anyway may be released before; its steps are
        void then, as another bot tells how it goes on.
        """
        with self._lock:
            if message.settled or message.handle not in self._by_handle:
                return
            message.settled = True
            if returns:
                message.returned = self._clock()
            else:
                self.twins.remember(message.id, message.received.at)
        self._take(message, deque(steps))

    def settle_outstanding(self) -> None:
        """Take the steps that were refused."""
        for _ in range(len(self._outstanding)):
            with suppress(IndexError):  # another thread was faster
                self._outstanding.popleft()()

    def _take(self, message: InFlightMessage, steps: deque[Callable[[], object]]) -> None:
        what = f"the end of a message of {self._pair.name} is written later"
        with message.lock:
            if message.returned is not None and message.handle not in self._by_handle:
                return
            try:
                while steps:
                    steps[0]()
                    steps.popleft()
            except Retry as refused:
                self._outage.fails(log, what, refused.reason)
                self._outstanding.append(partial(self._take, message, steps))
            else:
                self._remove(message)
                if not self._outstanding:
                    self._outage.works(log, what)

    def _remove(self, message: InFlightMessage) -> None:
        with self._lock:
            self._by_handle.pop(message.handle, None)

    # ------------------------------------------------------------ steps

    def delete(self, message: InFlightMessage) -> None:
        """A step: SQS forgets it."""
        with self._in_time(message):
            self._pair.delete(self._pair.live, message.handle)

    def hide_until(self, message: InFlightMessage, moment: float) -> None:
        """A step: SQS hands it out again, not before then."""
        seconds = math.ceil(max(0.0, moment - self._clock()))
        self._set_visibility_timeout(message, min(seconds, LONGEST_VISIBILITY_TIMEOUT - 1))

    # ------------------------------------------------------------ visibility

    def extend(self, message: InFlightMessage) -> None:
        """Keep it invisible to other bots, if it still is in flight."""
        with message.lock, suppress(Retry):  # if not now, then the next time
            if message.handle in self._by_handle:
                self._set_visibility_timeout(message, VISIBILITY_TIMEOUT_SECONDS)

    def release(self, message: InFlightMessage) -> None:
        """Let another bot have it at once."""
        try:
            with message.lock, suppress(Retry):
                self._set_visibility_timeout(message, 0)
        finally:
            self._remove(message)

    def _set_visibility_timeout(self, message: InFlightMessage, seconds: int) -> None:
        with self._in_time(message):
            self._pair.set_visibility_timeout(self._pair.live, message.handle, seconds)

    @contextmanager
    def _in_time(self, message: InFlightMessage) -> Iterator[None]:
        try:
            yield
        except NotInFlight:
            log.warning(
                "%s: message=%s took too long; it is handed out again", self._pair.name, logged(message.id)
            )
            self._remove(message)
