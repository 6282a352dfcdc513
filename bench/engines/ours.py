"""The bot's own queues, through their interface."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.engines import OpenQueue
from tagbot.queues import Queue as DiskQueue
from tagbot.queues.disk import disk_queues

QUEUES = ("first", "second")


class Ours:
    """A queue on disk, which all threads share."""

    def __init__(self, queue: DiskQueue) -> None:
        self._queue = queue

    def put(self, text: str) -> None:
        """The id and the key are in the text, as in a message of the flow."""
        self._queue.put(text[:40], text[:8], {"text": text})

    def listen(self) -> None:
        """Claims and acknowledgements do not wait for the disk anyway."""

    def work(self, handle: Callable[[str], None]) -> bool:
        delivery = self._queue.get(timeout=0.05)
        if delivery is None:
            return False
        handle(delivery.body["text"])
        delivery.ack()
        return True

    def close(self) -> None:
        """The others still use it."""


@contextmanager
def opened(folder: Path) -> Iterator[OpenQueue]:
    """The queues of a flow of two."""
    with disk_queues(folder / "queues", QUEUES) as queues:
        yield lambda name: Ours(queues[name])
