from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tagbot.training.local import LocalBackend
from tests.world import World, a_world


@pytest.fixture(name="here")
def _here(tmp_path: Path, stand_in: Slack, recogniser: LocalBackend) -> Iterator[World]:
    """A world whose database is a file, for where one is as good as the other."""
    with a_world(tmp_path, stand_in, recogniser) as world:
        yield world
