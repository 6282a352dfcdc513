"""How somebody outside answers: what fails there now, and since when."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tagbot.errors import Retry


@dataclass(frozen=True, slots=True)
class Failure:
    """A call that has failed at each attempt since then."""

    what: str
    """The call, or the stage."""
    reason: str
    """The latest one."""
    since: float
    """Seconds since 1970."""


class Health:
    """Told at each call how it went, asked by `status`; from any thread."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._failing: dict[str, Failure] = {}

    def failed(self, what: str, reason: str) -> None:
        """A call failed, perhaps not for the first time."""
        with self._lock:
            before = self._failing.get(what)
            self._failing[what] = Failure(what, reason, before.since if before else self._now())

    def worked(self, what: str) -> None:
        """A call was answered."""
        with self._lock:
            self._failing.pop(what, None)

    @contextmanager
    def watching(self, what: str) -> Iterator[None]:
        """Around a call: it failed if it raises `Retry`; any other end is an answer."""
        failed = False
        try:
            yield
        except Retry as why:
            failed = True
            self.failed(what, why.reason)
            raise
        finally:
            if not failed:
                self.worked(what)

    def failing(self) -> list[Failure]:
        """The longest first."""
        with self._lock:
            return sorted(self._failing.values(), key=lambda failure: failure.since)
