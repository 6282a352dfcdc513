"""Waking threads that wait for a message."""

from threading import Condition


class WakeUps:
    """They are counted, so that one between a look and the wait after it is not missed."""

    def __init__(self) -> None:
        self.count = 0
        self._is_over = False
        self._changed = Condition()

    def wake_one(self) -> None:
        """There may be one message more, or less time to wait."""
        with self._changed:
            self.count += 1
            self._changed.notify()

    def wake_all(self) -> None:
        """There may be several."""
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let no thread wait any more."""
        self._is_over = True
        self.wake_all()

    def wait(self, count: int, seconds: float) -> None:
        """Until there were more wake-ups than `count`."""
        with self._changed:
            if count == self.count and not self._is_over:
                self._changed.wait(seconds)
