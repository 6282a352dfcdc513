"""huey on SQLite, each put synced. Its consumer is what `work` does: dequeue, execute."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from bench.child import Missing
from bench.engines import IDLE_SECONDS, OpenQueue

try:
    import huey
except ModuleNotFoundError:
    huey = None


class Huey:
    """A queue in a file of its own, so that one does not wait for the other."""

    def __init__(self, file: Path, lock: Lock) -> None:
        self._huey = huey.SqliteHuey(filename=str(file), fsync=True, results=False, timeout=30)
        self._handle: Callable[[str], None] = lambda _: None
        self._task = self._huey.task()(self._run)
        self._lock = lock

    def put(self, text: str) -> None:
        with self._lock:
            self._task(text)

    def listen(self) -> None:
        self._huey.storage.conn.execute("PRAGMA synchronous = NORMAL")

    def _run(self, text: str) -> None:
        self._handle(text)

    def work(self, handle: Callable[[str], None]) -> bool:
        self._handle = handle
        with self._lock:
            task = self._huey.dequeue()
        if task is None:
            time.sleep(IDLE_SECONDS)
            return False
        self._huey.execute(task)
        return True

    def close(self) -> None:
        self._huey.storage.close()


@contextmanager
def opened(folder: Path) -> Iterator[OpenQueue]:
    """A file for each queue, and a lock for its threads."""
    if huey is None:
        raise Missing("huey is not installed")
    locks: defaultdict[str, Lock] = defaultdict(Lock)
    yield lambda name: Huey(folder / f"huey-{name}.db", locks[name])
