"""Fixtures for the tests of a person's rights."""

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

HERE = Path(__file__).parent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Stages do the same on every database."""
    if "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", DATABASES, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each stage is tested on every database: its tests, and the cases of each, take these by turns. On the
    other one, CI has them.
    """
    tests: defaultdict[str, list[pytest.Function]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and HERE in item.path.parents and _database(item) is not None:
            tests[item.nodeid.partition("[")[0]].append(item)
    for other in _others(tests.values()):
        other.add_marker("ci")


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
