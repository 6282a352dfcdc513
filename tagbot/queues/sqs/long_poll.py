"""Fetching messages from SQS by long polls, in a thread of its own."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from tagbot.errors import Reject, Retry
from tagbot.queues.sqs.in_flight_messages import InFlightMessage

log = logging.getLogger(__name__)

WAIT_SECONDS = 10
"""Of one long poll: a bot that ends leaves its polls behind, and nobody gets a message that comes into one of
them before its visibility timeout is over."""

PAUSE_SECONDS = 1.0
"""Between two polls that fail."""


class LongPoller:
    """One thread, whose polls may take long, serves all that wait, and they can be stopped at any time.

    It polls as long as more threads wait than messages have arrived.
    """

    def __init__(
        self, name: str, receive: Callable[[int], InFlightMessage | None], closed: threading.Event
    ) -> None:
        """`receive` waits for one message for so many seconds; `closed` ends all, followed by `wake`."""
        self._name = name
        self._receive = receive
        self._closed = closed
        self._changed = threading.Condition()
        """Guards all that follows."""
        self._arrived: deque[InFlightMessage] = deque()
        self._waiting = 0
        """Threads that wait for a message."""
        self._failure: Retry | None = None
        """Why the latest poll got no answer."""
        self._thread: threading.Thread | None = None

    def next(self, until: float | None) -> InFlightMessage | None:
        """The next message; waits for one until then, by `time.monotonic`, or not at all. Raises `Retry` when
        polls fail.
        """
        if until is None and not self._arrived:
            return self._receive(0)
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._poll, name=f"poll {self._name}", daemon=True)
                self._thread.start()
            self._waiting += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(
                    lambda: bool(self._arrived) or self._failure is not None or self._closed.is_set(),
                    0.0 if until is None else max(0.0, until - time.monotonic()),
                )
            finally:
                self._waiting -= 1
            if self._closed.is_set():
                return None
            if self._arrived:
                return self._arrived.popleft()
            if self._failure is not None:
                raise Retry(self._failure.reason)
        return None

    def put_back(self, message: InFlightMessage) -> None:
        """It is the next one again."""
        with self._changed:
            self._arrived.appendleft(message)

    def take_back(self, arrived_before: float) -> list[InFlightMessage]:
        """Messages that no thread has taken in time; none will now."""
        with self._changed:
            late = [message for message in self._arrived if message.arrived < arrived_before]
            self._arrived = deque(message for message in self._arrived if message.arrived >= arrived_before)
        return late

    def wake(self) -> None:
        """Let all see that the queue is closed."""
        with self._changed:
            self._changed.notify_all()

    def _poll(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: (
                        self._closed.is_set()
                        or self._waiting > len(self._arrived)
                        or self._failure is not None
                    )
                )
            if self._closed.is_set():
                return
            message, failure = self._received()
            with self._changed:
                self._failure = failure
                if message is not None:
                    self._arrived.append(message)
                self._changed.notify_all()
            if failure is not None:
                self._closed.wait(PAUSE_SECONDS)

    def _received(self) -> tuple[InFlightMessage | None, Retry | None]:
        try:
            return self._receive(0 if self._failure else WAIT_SECONDS), None
        except Retry as failure:
            return None, failure
        except Exception as bug:  # were this thread to end of it, the queue would look empty for ever
            reason = bug.reason if isinstance(bug, Reject) else f"bug: {type(bug).__name__}"
            if self._failure is None or self._failure.reason != reason:
                log.exception("%s: no message can be fetched", self._name)
            return None, Retry(reason)
