"""A lock for each key in use, among the threads of this process."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class KeyLocks:
    """Keys come and go; only those in use take memory."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._users: defaultdict[str, int] = defaultdict(int)

    @contextmanager
    def holding(self, key: str, *, wait: bool = True) -> Iterator[bool]:
        """Whether this thread has the key to itself until the end of the block; with `wait` it does."""
        with self._guard:
            self._users[key] += 1
            lock = self._locks[key]
        mine = lock.acquire(blocking=wait)
        try:
            yield mine
        finally:
            if mine:
                lock.release()
            with self._guard:
                self._users[key] -= 1
                if not self._users[key]:
                    del self._users[key], self._locks[key]
