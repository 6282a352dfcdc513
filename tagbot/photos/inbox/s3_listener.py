"""Hearing of new photos: the events that Amazon S3 writes into a queue at Amazon SQS."""

import logging
import threading

from tagbot.aws.s3_events import Events
from tagbot.errors import Reject, Retry
from tagbot.lib.health import Health
from tagbot.lib.outage_log import OutageLog
from tagbot.photos.inbox.s3_arrivals import S3Arrivals

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
"""How soon a thread that waits notices that there is a photo, or that more would be welcome."""

PAUSE_SECONDS = 1.0
"""Between two attempts to hear of new photos, when the first failed."""

DEAF = "new photos cannot be heard of, and are looked for every five minutes"
"""The meaning of a queue of events that cannot be read."""


class S3Listener:
    """A thread that hears of new photos and tells the arrivals."""

    def __init__(self, events: Events, arrivals: S3Arrivals, health: Health) -> None:
        """It does not listen before `start`."""
        self._events = events
        self._arrivals = arrivals
        self._health = health
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen, unless it does so already."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="inbox events", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """It ends after the call that is under way."""
        self._closed.set()

    def _listen(self) -> None:
        outage = OutageLog()
        while not self._closed.is_set():
            if self._arrivals.are_enough():
                self._closed.wait(LOOK_SECONDS)
                continue
            reason, bug = "", None
            try:
                self._arrivals.heard(self._events.next())
            except (Retry, Reject) as why:
                reason = why.reason
            except Exception as unforeseen:  # noqa: BLE001 - were this thread to end of it, all photos would be late
                reason, bug = f"bug: {type(unforeseen).__name__}", unforeseen
            if not reason:
                outage.works(log, DEAF)
                self._health.worked(DEAF)
            elif not self._closed.is_set():
                outage.fails(log, DEAF, reason, bug)
                self._health.failed(DEAF, f"{DEAF}: {reason}")
                self._closed.wait(PAUSE_SECONDS)
