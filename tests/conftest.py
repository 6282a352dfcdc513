"""Fixtures that tests of several rooms share."""

import gc
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadfile import LoadFileScheduling

from tagbot.models import ModelVectors
from tagbot.sandbox.client import Slack as SlackStandIn
from tagbot.sandbox.client import running_slack
from tagbot.training.local import LocalBackend
from tests.aws.service import Amazon, running_amazon, use
from tests.postgresql import Server, a_server
from tests.world import World, a_world

pytest_plugins = ("tests.training.amazon",)

LONGEST = (
    "tests/browser/",
    "tests/scenario/",
    "tests/crash/",
    "tests/test_main.py",
    "tests/test_life.py",
    "tests/slack/test_socket.py",
    "tests/training/test_rekognition",
    "tests/sandbox/test_whole.py",
    "tests/commands/",
)
"""What runs longest begins first, so that at the end no process is left alone with it."""


def pytest_configure() -> None:
    """Have Python look through everything for garbage ten times less often: among all that pytest keeps, a
    look takes a fifth of a second, and they made up a tenth of the time of the tests.
    """
    gc.set_threshold(700, 10, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bring them into the order of `LONGEST`, then of the alphabet."""

    def place(item: pytest.Item) -> int:
        return next((at for at, path in enumerate(LONGEST) if item.nodeid.startswith(path)), len(LONGEST))

    items.sort(key=place)


class Rooms(LoadFileScheduling):  # type: ignore[misc]  # xdist brings no types
    """Files run whole in one process, in the order of the collection; those of tests/browser in the same one,
    as they share a browser.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Rooms | None:
    """What `--dist loadfile` means here."""
    config.option.loadscopereorder = False  # it would begin with what has most tests
    return Rooms(config, log) if config.option.dist == "loadfile" else None


@pytest.fixture(scope="session", name="recogniser")
def _recogniser() -> Iterator[LocalBackend]:
    """The real one; its process is started once for all tests, and looks at each picture once."""
    backend = LocalBackend(ModelVectors(), processes=1)
    # A look takes dlib half a second, and it always sees the same in a picture.
    look = cache(backend._children.call)
    backend._children.call = look  # type: ignore[method-assign]  # all else is as in the bot
    yield backend
    backend.close()


@pytest.fixture(name="stand_in")
def _stand_in() -> Iterator[SlackStandIn]:
    """A Slack of its own for each test, with files ready at once and no limits on the pace."""
    with running_slack(file_ready_seconds=0.0, rate_limits=0.0) as slack:
        yield slack


@pytest.fixture(scope="session", name="amazon_address")
def _amazon_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Amazon SQS and S3, one server for all tests and all processes that run them."""
    base = tmp_path_factory.getbasetemp()
    with running_amazon(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) as amazon:
        yield amazon.address


@pytest.fixture(name="aws")
def _aws(amazon_address: str, monkeypatch: pytest.MonkeyPatch) -> Amazon:
    """The same with names of the test's own, and a bucket; this process calls AWS there."""
    amazon = Amazon(amazon_address)
    use(amazon, monkeypatch)
    return amazon


@pytest.fixture(scope="session", name="postgresql")
def _postgresql() -> Iterator[Server]:
    """One server for all tests and all processes that run them, started by the first that needs it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    with a_server(f"tests-{run}") as server:
        server.make_template()
        yield server


@pytest.fixture(name="database_url")
def _database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with nothing in its tables: on SQLite, or as `DATABASES` parametrise it."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{tmp_path}/tagbot.db"
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database() as url:
        yield url


@pytest.fixture(name="world")
def _world(
    tmp_path: Path, stand_in: SlackStandIn, recogniser: LocalBackend, database_url: str
) -> Iterator[World]:
    """A whole bot without its threads."""
    with a_world(tmp_path, stand_in, recogniser, DATABASE_URL=database_url) as world:
        yield world
