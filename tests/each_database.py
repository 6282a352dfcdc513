"""Tests of rooms that do the same on every database: their worlds, and which database each takes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.training.local import LocalBackend
from tests.postgresql import DATABASES
from tests.stages.scenes import MakeWorld
from tests.world import a_world

ROOMS = tuple(Path(__file__).parent / room for room in ("stages", "maintenance/forgetting"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """They ask for a database's address, or for something that does."""
    if "database_url" in metafunc.fixturenames and _is_here(metafunc.definition.path):
        metafunc.parametrize("database_url", DATABASES, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each room is tested on every database: its tests, and the cases of each, take these by turns. On the
    other one, CI has them.
    """
    tests: defaultdict[str, list[pytest.Function]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and _is_here(item.path) and _database(item) is not None:
            tests[item.nodeid.partition("[")[0]].append(item)
    for room in ROOMS:
        for other in _others([cases for cases in tests.values() if room in cases[0].path.parents]):
            other.add_marker("ci")


def _is_here(path: Path) -> bool:
    return any(room in path.parents for room in ROOMS)


def _others(tests: Iterable[list[pytest.Function]]) -> Iterator[pytest.Function]:
    """Those whose case is tested on another database."""
    turn = 0
    for cases in tests:
        by_database = [[case for case in cases if _database(case) == which] for which in DATABASES]
        if len({*map(len, by_database)}) > 1:
            continue  # somebody asked for some of them by name
        for some in zip(*by_database, strict=True):
            yield from (case for at, case in enumerate(some) if at != turn % len(DATABASES))
            turn += 1


def _database(item: pytest.Function) -> object:
    return item.callspec.params.get("database_url") if hasattr(item, "callspec") else None


@pytest.fixture(name="make_world")
def _make_world(
    tmp_path: Path, stand_in: SlackStandIn, recogniser: LocalBackend, database_url: str
) -> Iterator[MakeWorld]:
    """Makes the test's world with other settings; one a test, as there is one database."""
    with ExitStack() as stack:
        yield lambda pool=None, **variables: stack.enter_context(
            a_world(tmp_path, stand_in, recogniser, pool, DATABASE_URL=database_url, **variables)
        )


@pytest.fixture(name="people")
def _people(stand_in: SlackStandIn) -> list[str]:
    """Slack ids of five people in the channel."""
    return stand_in.people
