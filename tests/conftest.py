"""Fixtures that tests of several rooms share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.models import ModelVectors
from tagbot.sandbox.client import Slack as SlackStandIn
from tagbot.sandbox.client import running_slack
from tagbot.training.local import LocalBackend
from tests.world import World, a_world


@pytest.fixture(scope="session", name="recogniser")
def _recogniser() -> Iterator[LocalBackend]:
    """The real one; its processes are started once for all tests."""
    backend = LocalBackend(ModelVectors())
    yield backend
    backend.close()


@pytest.fixture(name="stand_in")
def _stand_in() -> Iterator[SlackStandIn]:
    """A Slack of its own for each test, with files ready at once and no limits on the pace."""
    with running_slack(file_ready_seconds=0.0, rate_limits=0.0) as slack:
        yield slack


@pytest.fixture(name="world")
def _world(tmp_path: Path, stand_in: SlackStandIn, recogniser: LocalBackend) -> Iterator[World]:
    """A whole bot without its threads."""
    with a_world(tmp_path, stand_in, recogniser) as world:
        yield world
