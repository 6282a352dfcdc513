"""A durable message: put, handled, acknowledged."""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from bench.child import in_child
from bench.engines import Engine, OpenQueue, engines
from bench.rounds import Results, Scale, interleaved
from bench.table import AHEAD, Comparison, Goal, Line, NotMeasured, at_least, no_goal

NAME = "messages"

NOTE = """\
**Durable message.** One thread puts messages of 270 bytes, 1 or 4 others take, decode and acknowledge
them; a put returns when the message survives a power cut. From the first put to the last acknowledgement,
in messages a second. The limit appends a block of 4 KB (a disk writes no less) to a file and calls
`fdatasync`, once for each message. huey takes a task out of its queue before it works on it, so a crash
loses it; it and litequeue ask for work every millisecond instead of at their slower defaults. litequeue
keeps messages in hand locked after a crash, until somebody frees them."""

BARE = "write + fdatasync"

BLOCK_BYTES = 4096
"""The least that a file system writes."""


def measure(scale: Scale) -> Iterator[Line]:
    """Each engine with 1 and with 4 workers, beside ours."""
    count = scale.of(2000, 400)
    for workers in (1, 4):
        results = _results(workers, count)
        for name, engine in engines().items():
            if name != "ours":
                yield _line(f"durable message, {_workers(workers)}", results, name, engine)
        goal = at_least(0.6) if workers == 1 else no_goal("it is for one worker")
        yield Comparison(
            f"durable message, {_workers(workers)}",
            results.measured["ours"],
            results.measured[BARE],
            f"{BARE}, in a loop",
            "/s",
            goal,
        )


def _results(workers: int, count: int) -> Results:
    rates = {
        name: partial(in_child, f"{__name__}:rate", engine=name, workers=workers, count=count)
        for name in engines()
    }
    bare = partial(in_child, f"{__name__}:bare_rate", count=count)
    return interleaved(rates | {BARE: bare})


def _line(figure: str, results: Results, name: str, engine: Engine) -> Line:
    if name in results.missing:
        return NotMeasured(figure, engine.title, results.missing[name])
    return Comparison(
        figure,
        results.measured["ours"],
        results.measured[name],
        engine.title,
        "/s",
        goal_beside(engine, AHEAD),
    )


def goal_beside(engine: Engine, goal: Goal) -> Goal:
    """What is less safe sets no goal."""
    return no_goal(engine.less_safe) if engine.less_safe else goal


def _workers(number: int) -> str:
    return "1 worker" if number == 1 else f"{number} workers"


def message(number: int) -> str:
    """270 bytes, as long as a message of the flow."""
    return f"{number:08d}:{'x' * 261}"


def rate(engine: str, workers: int, count: int) -> float:
    """In a child: messages a second."""
    with tempfile.TemporaryDirectory() as folder, engines()[engine].opened(Path(folder)) as open_queue:
        handled = Handled(count)
        threads = [threading.Thread(target=_work, args=(open_queue, handled)) for _ in range(workers)]
        with closing(open_queue("first")) as queue:
            started = time.perf_counter()
            for thread in threads:
                thread.start()
            for number in range(count):
                queue.put(message(number))
            for thread in threads:
                thread.join()
        return count / (handled.last_at - started)


class Handled:
    """Counts what the workers have done."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._lock = threading.Lock()
        self._count = 0
        self.last_at = 0.0

    @property
    def all(self) -> bool:
        """Whether nothing is left to do."""
        return self._count >= self._expected

    def one(self) -> None:
        """A message was acknowledged."""
        with self._lock:
            self._count += 1
            self.last_at = time.perf_counter()


def _work(open_queue: OpenQueue, handled: Handled) -> None:
    seen: list[int] = []
    with closing(open_queue("first")) as queue:
        while not handled.all:
            if queue.work(lambda text: seen.append(len(text))):
                handled.one()


def bare_rate(count: int) -> float:
    """In a child: the physical limit, for one writer who waits for the disk each time."""
    with tempfile.NamedTemporaryFile() as file:
        started = time.perf_counter()
        for number in range(count):
            os.write(file.fileno(), message(number).encode().ljust(BLOCK_BYTES))
            os.fdatasync(file.fileno())
        return count / (time.perf_counter() - started)
