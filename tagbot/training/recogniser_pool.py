"""Describing faces in the recogniser's processes."""

from tagbot.lib.health import Health
from tagbot.lib.process_pool import ProcessPool
from tagbot.recognition.description import Description
from tagbot.vocabulary import RejectionReason


class RecogniserPool:
    """Any thread may ask."""

    def __init__(self, processes: ProcessPool) -> None:
        """Of `tagbot.recognition.recogniser:Recogniser`; they may do other work besides."""
        self._processes = processes
        self._health = Health()

    def describe(self, crop: bytes) -> Description | RejectionReason:
        """The one face in a crop (a JPEG); or why it cannot be described. Raises `Retry`."""
        with self._health.watching("describe"):
            described: Description | RejectionReason = self._processes.call("describe", crop)
            return described

    @property
    def failing_since(self) -> float | None:
        """Since when each call failed, in seconds since 1970; None where the last one was answered."""
        return next((failure.since for failure in self._health.failing()), None)
