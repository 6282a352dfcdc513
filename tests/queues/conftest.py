"""Each engine as the tests of the contract see it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tagbot.queues import Queue, SharedQueue
from tagbot.queues.disk import disk_queues, disk_queues_beside

NAME = "face-tagging"


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class DiskEngine:
    """Queues in a folder of the test's own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "queues"
        self.file = self.directory / f"{NAME}.db"
        self.clock = Clock()

    @contextmanager
    def running(self) -> Iterator[Queue]:
        """A queue in the process that works on it; opened again, it is the same queue."""
        with disk_queues(self.directory, [NAME], self.clock) as queues:
            yield queues[NAME]

    @contextmanager
    def beside(self) -> Iterator[SharedQueue]:
        """The same queue as another process sees it."""
        with disk_queues_beside(self.directory, [NAME], self.clock) as queues:
            yield queues[NAME]

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on."""
        self.clock.now += seconds


ENGINES: dict[str, Callable[[Path], DiskEngine]] = {"disk": DiskEngine}


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> DiskEngine:
    return ENGINES[request.param](tmp_path)


@pytest.fixture
def queue(engine: DiskEngine) -> Iterator[Queue]:
    with engine.running() as queue:
        yield queue


@pytest.fixture
def disk(tmp_path: Path) -> DiskEngine:
    return DiskEngine(tmp_path)
