"""Each engine as the tests of the contract see it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from tagbot.aws.sqs_api import Sqs
from tagbot.database.opening import open_database
from tagbot.queues import Delivery, Queue, SharedQueue
from tagbot.queues.disk import disk_queues, disk_queues_beside
from tagbot.queues.sqs import sqs_queues, sqs_queues_beside
from tests.aws.service import REGION, Amazon
from tests.postgresql import Server
from tests.queues import NAME
from tests.world import DATABASE, new_database

MAX_ATTEMPTS = 20


def take(queue: Queue) -> Delivery:
    """The next message, which is ready."""
    delivery = queue.get(0)
    assert delivery is not None
    return delivery


def put(queue: Queue, *numbers: int) -> None:
    """One message for each, about a face of its own."""
    for number in numbers:
        queue.put(f"m{number}", f"face{number}", {"number": number})


def ids(queue: Queue) -> list[str]:
    """Take all that is ready."""
    found = []
    while (delivery := queue.get(0)) is not None:
        found.append(delivery.id)
    return found


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Engine(Protocol):
    """One kind of queue."""

    clock: Clock
    many: int
    """Messages that it deals with in a second or two."""
    early: float
    """How many seconds before something is due it surely is not handed out: some clocks go on meanwhile."""

    @contextmanager
    def running(self) -> Iterator[Queue]:
        """A queue in the process that works on it; opened again, it is the same queue."""

    @contextmanager
    def beside(self) -> Iterator[SharedQueue]:
        """The same queue as another process sees it."""

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on."""


class DiskEngine:
    """Queues in a folder of the test's own."""

    many = 300
    early = 0.1

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "queues"
        self.file = self.directory / f"{NAME}.db"
        self.clock = Clock()

    @contextmanager
    def running(self) -> Iterator[Queue]:
        with disk_queues(self.directory, [NAME], self.clock) as queues:
            yield queues[NAME]

    @contextmanager
    def beside(self) -> Iterator[SharedQueue]:
        with disk_queues_beside(self.directory, [NAME], self.clock) as queues:
            yield queues[NAME]

    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds


class LastingSqs(Sqs):
    """A door for the queues of several tests: to make one anew takes longer than most tests."""

    def close(self) -> None:
        """Later, when the last test is done."""


class SqsEngine:
    """Queues at Amazon SQS with names of the test's own, and a clock of the test's own there."""

    many = 60
    early = 10.0

    def __init__(self, amazon: Amazon, door: Sqs, database_url: str) -> None:
        self.amazon = amazon
        self.door = door
        self.clock = Clock()
        open_database(database_url)

    @contextmanager
    def running(self) -> Iterator[Queue]:
        with sqs_queues(self.door, self.amazon.prefix, [NAME], MAX_ATTEMPTS, self.clock) as queues:
            yield queues[NAME]

    @contextmanager
    def beside(self) -> Iterator[SharedQueue]:
        with sqs_queues_beside(self.door, self.amazon.prefix, [NAME], MAX_ATTEMPTS, self.clock) as queues:
            yield queues[NAME]

    def pass_time(self, seconds: float) -> None:
        self.amazon.pass_time(seconds)
        self.clock.now += seconds


@pytest.fixture(scope="session")
def sqs_door() -> Iterator[Sqs]:
    door = LastingSqs(REGION)
    yield door
    Sqs.close(door)


@pytest.fixture
def sqs(aws: Amazon, sqs_door: Sqs, tmp_path: Path) -> SqsEngine:
    return SqsEngine(aws, sqs_door, new_database(tmp_path / DATABASE))


@pytest.fixture
def sqs_and_postgresql(aws: Amazon, sqs_door: Sqs, postgresql: Server) -> Iterator[SqsEngine]:
    with postgresql.database() as url:
        yield SqsEngine(aws, sqs_door, url)


@pytest.fixture
def disk(tmp_path: Path) -> DiskEngine:
    return DiskEngine(tmp_path)


ENGINES = ("disk", "sqs")
"""Fixtures: another engine needs one, and its name here."""

with_notes_on_a_server_too = pytest.mark.parametrize(
    "engine", [*ENGINES, "sqs_and_postgresql"], indirect=True
)
"""For what an engine notes in the database, if it does."""


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn."""
    made: Engine = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def queue(engine: Engine) -> Iterator[Queue]:
    with engine.running() as queue:
        yield queue
