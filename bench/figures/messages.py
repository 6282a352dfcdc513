"""A durable message: put, handled, acknowledged."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from bench.child import in_child
from bench.engines import Engine, engines
from bench.rounds import Results, Scale, interleaved
from bench.table import AHEAD, Comparison, Goal, Line, NotMeasured, at_least, no_goal
from bench.workers import Step, seconds_for

NOTE = """\
**Durable message.** One thread puts messages of 270 bytes, 1 or 4 others take, decode and acknowledge them;
a put returns when the message survives a power cut. From the first put to the last acknowledgement, in
messages a second; before, everybody has everything open, and 200 messages went through. The limit appends a
block of 4 KB (a disk writes no less) to a file and calls `fdatasync`, once for each message. A file system
confirms a block sooner that lies in a file already, as most of those do that SQLite writes; how fast no
program is on this disk, stands beside. Nobody's claims and acknowledgements wait for the disk, as a lost
one only brings the message again: what takes from huey or litequeue has SQLite's `synchronous` at NORMAL,
what puts has it at FULL. Both have a lock that lines their threads up, which is faster than SQLite's own,
and ask for work every millisecond instead of at their slower defaults. huey takes a task out of its queue
before it works on it, so a crash loses it, and kombu takes a message from Redis before it notes that it is
in hand. litequeue keeps messages in hand locked after a crash, until somebody frees them. RabbitMQ's queue
is a durable classic one, and its messages are persistent."""

BARE, BARE_OVER = "write + fdatasync, in a loop", "the same over a file that is there"

BLOCK_BYTES = 4096
"""The least that a file system writes."""

WARM_UP = 200
"""Messages that nobody counts: their queues' files get as large as they stay."""


def measure(scale: Scale) -> Iterator[Line]:
    """Each engine with 1 and with 4 workers, beside ours."""
    for workers in (1, 4):
        results = _results(workers, scale)
        for name, engine in _measured(scale).items():
            if name != "ours":
                yield _line(f"durable message, {_workers(workers)}", results, name, engine)
        for bare, goal in ((BARE, at_least(0.6)), (BARE_OVER, no_goal("to know"))):
            yield Comparison(
                f"durable message, {_workers(workers)}",
                results.of("ours"),
                results.of(bare),
                bare,
                "/s",
                goal if workers == 1 else no_goal("it is for one worker"),
            )


def _measured(scale: Scale) -> dict[str, Engine]:
    """What sets no goal is left out where time is short."""
    return {name: each for name, each in engines().items() if not (scale.quick and each.less_safe)}


def _results(workers: int, scale: Scale) -> Results:
    count = scale.of(600, 400)
    rates = {
        name: partial(in_child, f"{__name__}:rate", engine=name, workers=workers, count=count)
        for name in _measured(scale)
    }
    limits = {
        bare: partial(in_child, f"{__name__}:bare_rate", count=count, over=bare == BARE_OVER)
        for bare in (BARE, BARE_OVER)
    }
    return interleaved(rates | limits, scale.short_rounds)


def _line(figure: str, results: Results, name: str, engine: Engine) -> Line:
    if name in results.missing:
        return NotMeasured(figure, engine.title, results.missing[name])
    return Comparison(
        figure,
        results.of("ours"),
        results.of(name),
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
    with (
        tempfile.TemporaryDirectory() as folder,
        engines()[engine].opened(Path(folder)) as open_queue,
        closing(open_queue("first")) as puts,
    ):

        @contextmanager
        def at_work() -> Iterator[Step]:
            seen: list[int] = []
            with closing(open_queue("first")) as takes:
                takes.listen()
                yield lambda: takes.work(lambda text: seen.append(len(text)))

        def seconds(messages: int) -> float:
            return seconds_for(
                messages, workers, at_work, lambda: [*map(puts.put, map(message, range(messages)))]
            )

        seconds(WARM_UP)
        return count / seconds(count)


def bare_rate(count: int, *, over: bool) -> float:
    """In a child: the physical limit, for one writer who waits for the disk each time; `over` a file that is
    as long already.
    """
    with tempfile.NamedTemporaryFile() as file:
        if over:
            os.write(file.fileno(), bytes(BLOCK_BYTES * count))
        os.fsync(file.fileno())
        started = time.perf_counter()
        for number in range(count):
            block = message(number).encode().ljust(BLOCK_BYTES)
            os.pwrite(file.fileno(), block, number * BLOCK_BYTES)
            os.fdatasync(file.fileno())
        return count / (time.perf_counter() - started)
