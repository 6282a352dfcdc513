"""litequeue, as safe as ours: what is put waits for the disk; its own default survives no power cut."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from bench.child import Missing
from bench.engines import IDLE_SECONDS, OpenQueue

try:
    import litequeue
except ModuleNotFoundError:
    litequeue = None


class Lite:
    """A queue in a file of its own. A message in hand at a crash stays locked until somebody frees it."""

    def __init__(self, file: Path, lock: Lock) -> None:
        self._queue = litequeue.LiteQueue(str(file), timeout=30)
        self._queue.conn.execute("PRAGMA synchronous = FULL")
        self._lock = lock

    def put(self, text: str) -> None:
        with self._lock:
            self._queue.put(text)

    def listen(self) -> None:
        self._queue.conn.execute("PRAGMA synchronous = NORMAL")

    def work(self, handle: Callable[[str], None]) -> bool:
        with self._lock:
            message = self._queue.pop()
        if message is None:
            time.sleep(IDLE_SECONDS)
            return False
        handle(message.data)
        with self._lock:
            self._queue.done(message.message_id)
        return True

    def close(self) -> None:
        self._queue.conn.close()


@contextmanager
def opened(folder: Path) -> Iterator[OpenQueue]:
    """A file for each queue, and a lock for its threads."""
    if litequeue is None:
        raise Missing("litequeue is not installed")
    locks: defaultdict[str, Lock] = defaultdict(Lock)
    yield lambda name: Lite(folder / f"lite-{name}.db", locks[name])
