"""Time that passes when a test says so."""

import threading


class Clock:
    """Seconds, to be called like `time.monotonic`."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Nap(threading.Event):
    """An event on which nobody really waits: the clock jumps instead, and the naps are remembered."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.naps: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        if timeout:
            self.naps.append(round(timeout, 6))
            self.clock.now += timeout
        return self.is_set()
