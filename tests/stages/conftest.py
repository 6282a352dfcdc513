"""Fixtures for the tests of the stages."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tagbot.sandbox.client import Slack as SlackStandIn
from tagbot.training.local import LocalBackend
from tests.postgresql import DATABASES
from tests.stages.scenes import MakeWorld
from tests.world import a_world


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Stages do the same on every database."""
    if "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", DATABASES, indirect=True)


@pytest.fixture(name="make_world")
def _make_world(
    tmp_path: Path, stand_in: SlackStandIn, recogniser: LocalBackend, database_url: str
) -> Iterator[MakeWorld]:
    """Makes the test's world with other settings; one a test, as there is one database."""
    with ExitStack() as stack:
        yield lambda **variables: stack.enter_context(
            a_world(tmp_path, stand_in, recogniser, DATABASE_URL=database_url, **variables)
        )


@pytest.fixture(name="people")
def _people(stand_in: SlackStandIn) -> list[str]:
    """Slack ids of five people in the channel."""
    return stand_in.people
