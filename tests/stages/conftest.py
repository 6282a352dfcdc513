"""Fixtures for the tests of the stages."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tagbot.sandbox.client import Slack as SlackStandIn
from tagbot.training.local import LocalBackend
from tests.stages.scenes import MakeWorld
from tests.world import a_world


@pytest.fixture(name="make_world")
def _make_world(tmp_path: Path, stand_in: SlackStandIn, recogniser: LocalBackend) -> Iterator[MakeWorld]:
    """Makes the test's world with other settings; one a test, as there is one database."""
    with ExitStack() as stack:
        yield lambda **variables: stack.enter_context(a_world(tmp_path, stand_in, recogniser, **variables))


@pytest.fixture(name="people")
def _people(stand_in: SlackStandIn) -> list[str]:
    """Slack ids of five people in the channel."""
    return stand_in.people
