"""Where the time goes: every few tenths of a millisecond a look at what the program is doing.

Time is told by the clock, so waiting for the disk counts as what waits for it. Unlike a profiler that follows
every call, this one hardly slows what it looks at.
"""

import signal
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from types import CodeType, FrameType

INTERVAL_SECONDS = 0.0003


class Sampler:
    """Gives the time of the main thread to the innermost function on its stack that has a label."""

    def __init__(self, labels: Mapping[Callable[..., object], str], rest: str) -> None:
        """`labels` by function; what none of them is at, is `rest`."""
        self._labels: dict[CodeType, str] = {_code(function): label for function, label in labels.items()}
        self._rest = rest
        self._last = 0.0
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """By label."""

    def __enter__(self) -> "Sampler":
        signal.signal(signal.SIGALRM, self._look)
        self._last = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, INTERVAL_SECONDS, INTERVAL_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _look(self, _: int, frame: FrameType | None) -> None:
        """Python looks after signals between its own steps; so a long call to C is told at its end, whole."""
        now = time.perf_counter()
        self.seconds[self._label(frame)] += now - self._last
        self._last = now

    def _label(self, frame: FrameType | None) -> str:
        while frame is not None:
            if (label := self._labels.get(frame.f_code)) is not None:
                return label
            frame = frame.f_back
        return self._rest


def _code(function: Callable[..., object]) -> CodeType:
    inner = getattr(function, "__wrapped__", function)
    return getattr(inner, "__func__", inner).__code__
