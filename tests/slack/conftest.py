"""Fixtures for the tests of the door to Slack."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.settings import Settings
from tagbot.slack.api import SlackApi
from tagbot.slack.client import Slack
from tests.lib.clock import Clock
from tests.world import environment


@pytest.fixture(name="settings")
def _settings(tmp_path: Path, stand_in: SlackStandIn) -> Settings:
    return Settings.from_env(environment(tmp_path, stand_in))


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="door")
def _door(settings: Settings, clock: Clock) -> Iterator[Slack]:
    """The door to the stand-in, by a clock that the test sets."""
    stop = threading.Event()
    yield Slack(SlackApi.of(settings, 1, clock), settings.slack_channel, 1000.0, stop)
    stop.set()
