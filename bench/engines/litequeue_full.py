"""litequeue with SQLite's `synchronous` at FULL; its own default survives no power cut."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.child import Missing
from bench.engines import IDLE_SECONDS, OpenQueue

try:
    import litequeue
except ModuleNotFoundError:
    litequeue = None


class Lite:
    """A queue in a file of its own. A message in hand at a crash stays locked until somebody frees it."""

    def __init__(self, file: Path) -> None:
        self._queue = litequeue.LiteQueue(str(file), timeout=30)
        self._queue.conn.execute("PRAGMA synchronous = FULL")

    def put(self, text: str) -> None:
        self._queue.put(text)

    def work(self, handle: Callable[[str], None]) -> bool:
        message = self._queue.pop()
        if message is None:
            time.sleep(IDLE_SECONDS)
            return False
        handle(message.data)
        self._queue.done(message.message_id)
        return True

    def close(self) -> None:
        self._queue.conn.close()


@contextmanager
def opened(folder: Path) -> Iterator[OpenQueue]:
    """A file for each queue."""
    if litequeue is None:
        raise Missing("litequeue is not installed")
    yield lambda name: Lite(folder / f"lite-{name}.db")
