"""Fixtures that tests of several rooms share."""

import gc
import hashlib
import os
import pickle
import shutil
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadfile import LoadFileScheduling

from tagbot.database.models.vectors import ModelVectors
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.sandbox.driver import running_slack
from tagbot.training.local import LocalBackend
from tests.aws.service import Amazon, running_amazon, use
from tests.examples import load_profile
from tests.postgresql import IN_MEMORY, Server, a_server
from tests.recogniser import a_recogniser
from tests.rekognition.stand_in import running_rekognition
from tests.world import DATABASE, World, a_world, new_database

pytest_plugins = ("tests.training.amazon", "tests.each_database")

READERS_OF_THE_SOURCE = (
    "tests/test_architecture.py",
    "tests/test_documents.py",
    "tests/test_house.py",
    "tests/test_rules.py",
)

LONGEST = (
    "tests/browser/",
    "tests/scenario/",
    "tests/crash/",
    "tests/test_main.py",
    "tests/scenario/test_life.py",
    "tests/slack/socket_mode/test_supervisor.py",
    "tests/training/rekognition/",
    "tests/sandbox/test_whole.py",
    "tests/commands/",
    *READERS_OF_THE_SOURCE,
)
"""What runs longest begins first, so that at the end no process is left alone with it."""


ROOM = 2 * 1024**3
"""Bytes that have to be free in memory for the files of the tests; all of them are half a gigabyte."""


SERVERS = frozenset({"amazon_address", "at_rekognition", "postgresql", "recogniser", "stand_in"})
"""Fixtures that start a server or a process: `make quick` leaves out every test that needs one of them."""

ROOMS_OF_SERVERS = (
    "tests/browser/",
    "tests/crash/",
    "tests/handlers/",
    "tests/maintenance/forgetting/",
    "tests/queues/sqs/",
    "tests/rekognition/",
    "tests/sandbox/",
    "tests/scenario/",
    "tests/slack/socket_mode/",
    "tests/stages/",
    "tests/training/",
)
"""Rooms in which hardly a test needs none: to read all that they import takes as long as a hundred tests."""

ENGINES_OF_SERVERS = ("postgresql", "rekognition", "s3", "sqs")
"""Begin the parameters of tests that run on each engine."""

STARTS = frozenset({"os.fork", "os.posix_spawn", "socket.bind", "subprocess.Popen"})
"""Python's audit events of a process or a server that starts."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--quick` is what `make quick` gives."""
    parser.addoption(
        "--quick", action="store_true", help="only the tests that need no process, no browser and no server"
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A quick run does not even read the rooms in which each test needs a server."""
    path = collection_path.relative_to(config.rootpath).as_posix() + "/"
    return True if config.getoption("--quick") and path in ROOMS_OF_SERVERS else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """In a quick run, whatever starts a process or a server fails."""
    if not item.config.getoption("--quick"):
        return (yield)
    _quick["runs"] = True
    try:
        return (yield)
    finally:
        _quick["runs"] = False


_quick = {"runs": False}


def _watch(event: str, _: tuple[object, ...]) -> None:
    if event in STARTS and _quick["runs"]:
        pytest.fail(f"{event} in a quick run: mark this test with pytest.mark.process")


def pytest_configure(config: pytest.Config) -> None:
    """Have Python look through everything for garbage ten times less often than it would.

    And have the files of the tests lie in memory, where there is room: to have a disk confirm what they write
    took a sixth of all their work, and longer where several wait for it.
    """
    gc.set_threshold(700, 10, 100)
    if config.getoption("--quick"):
        sys.addaudithook(_watch)  # it stays until the process ends
    load_profile(quick=config.getoption("--quick"))
    if IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(IN_MEMORY))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: to look through it for garbage again and again took a tenth of the
    time of the tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_sessionfinish() -> None:
    """What has become garbage, pytest looks for ten times at the end, through everything; once is enough."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Bring them into the order of `LONGEST`, then of the alphabet; a quick run leaves some out."""
    if config.getoption("--quick"):
        slow = [item for item in items if _needs_a_process(item)]
        config.hook.pytest_deselected(items=slow)
        left_out = set(slow)
        items[:] = [item for item in items if item not in left_out]

    def place(item: pytest.Item) -> int:
        return next((at for at, path in enumerate(LONGEST) if item.nodeid.startswith(path)), len(LONGEST))

    items.sort(key=place)


def _needs_a_process(item: pytest.Item) -> bool:
    """By its room, its marker, its fixtures, or the engine that it is parametrized with."""
    fixtures = getattr(item, "fixturenames", ())
    parameters = getattr(item, "callspec", None)
    engines = [str(each) for each in parameters.params.values()] if parameters else []
    return (
        item.nodeid.startswith(ROOMS_OF_SERVERS)
        or item.get_closest_marker("process") is not None
        or not SERVERS.isdisjoint(fixtures)
        or any(engine.startswith(ENGINES_OF_SERVERS) for engine in engines)
    )


class Rooms(LoadFileScheduling):  # type: ignore[misc]  # xdist brings no types
    """Files run whole in one process, in the order of the collection; those of tests/browser in the same one,
    as they share a browser, and those that read all of the source, so that it is parsed once.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(READERS_OF_THE_SOURCE):
            return "the source"
        return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Rooms | None:
    """What `--dist loadfile` means here."""
    config.option.loadscopereorder = False  # it would begin with what has most tests
    return Rooms(config, log) if config.option.dist == "loadfile" else None


def _of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes which run tests have in common."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", name="recogniser")
def _recogniser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBackend]:
    """The real one, which looks at each picture once for all tests and all processes that run them."""
    backend = LocalBackend(ModelVectors(), a_recogniser())
    seen = _of_the_run(tmp_path_factory) / "seen"
    seen.mkdir(exist_ok=True)
    look = backend._pool.call

    def look_once(method: str, *arguments: object) -> Any:
        # A description takes a fifth of a second, and of a picture it is always the same.
        note = seen / hashlib.sha256(pickle.dumps((method, arguments))).hexdigest()
        if not note.exists():
            draft = note.with_suffix(f".{os.getpid()}")
            draft.write_bytes(pickle.dumps(look(method, *arguments)))
            draft.rename(note)
        return pickle.loads(note.read_bytes())  # noqa: S301 - it was written by these tests

    backend._pool.call = look_once  # type: ignore[method-assign]  # all else is as in the bot
    yield backend
    backend.close()


@pytest.fixture(name="stand_in")
def _stand_in() -> Iterator[SlackStandIn]:
    """A Slack of its own for each test, with files ready at once and no limits on the pace."""
    with running_slack(file_ready_seconds=0.0, rate_limits=0.0) as slack:
        yield slack


@pytest.fixture(scope="session", name="amazon_of")
def _amazon_of(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of Amazon SQS and S3, one server for all tests and all processes that run them."""
    return _of_the_run(tmp_path_factory)


@pytest.fixture(scope="session", name="amazon_address")
def _amazon_address(amazon_of: Path) -> Iterator[str]:
    """Where that server is."""
    with running_amazon(amazon_of) as amazon:
        yield amazon.address


@pytest.fixture(name="aws")
def _aws(amazon_address: str, monkeypatch: pytest.MonkeyPatch) -> Amazon:
    """The same with names of the test's own, and a bucket; this process calls AWS there."""
    amazon = Amazon(amazon_address)
    use(amazon, monkeypatch)
    return amazon


@pytest.fixture(name="at_rekognition")
def _at_rekognition() -> Iterator[dict[str, str]]:
    """The settings of a bot that trains at a stand-in of Rekognition, for tests to which it makes no
    difference: to start a recogniser takes longer than they do.
    """
    with running_rekognition() as rekognition:
        yield {"TRAINING_BACKEND": "rekognition", **rekognition.environment()}


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
        yield new_database(tmp_path / DATABASE)
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
