"""What the operator is told of the connection to Slack, in the log and by `status`."""

import logging

import pytest

from tagbot.slack.socket_mode.connection_state import ConnectionTracker
from tests.lib.clock import Clock

OFF = "Socket Mode is switched off"


@pytest.fixture
def link(clock: Clock) -> ConnectionTracker:
    clock.now = 1_795_424_400.0  # 2026-11-23 09:00 UTC
    return ConnectionTracker(clock)


def words(link: ConnectionTracker) -> str:
    return link.state.in_words()


def test_the_state_says_since_when_and_why(link: ConnectionTracker, clock: Clock) -> None:
    assert words(link) == "Slack: not connected since 2026-11-23 09:00 UTC: the bot has just started."
    clock.now += 60
    link.opened()
    clock.now += 60
    link.opened()
    assert words(link) == "Slack: connected since 2026-11-23 09:01 UTC."
    link.failed(OFF)
    link.closed("the connection broke off")
    assert words(link) == f"Slack: connected since 2026-11-23 09:01 UTC, but a connection is missing: {OFF}."
    link.closed("the connection broke off")
    assert words(link) == "Slack: not connected since 2026-11-23 09:02 UTC: Socket Mode is switched off."
    clock.now += 60
    link.failed("Slack does not answer")
    assert words(link) == "Slack: not connected since 2026-11-23 09:02 UTC: Slack does not answer."


def test_a_connection_that_ends_while_another_is_there_is_no_trouble(link: ConnectionTracker) -> None:
    link.opened()
    link.opened()
    link.closed("the connection broke off")
    assert words(link) == "Slack: connected since 2026-11-23 09:00 UTC."
    link.closed("the connection broke off")
    assert words(link) == "Slack: not connected since 2026-11-23 09:00 UTC: the connection broke off."


def test_each_change_is_logged_once(link: ConnectionTracker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    link.opened()
    link.opened()
    for _ in range(3):
        link.failed(OFF)
    link.closed("gone")
    link.closed("gone")
    for _ in range(3):
        link.failed(OFF)
    link.opened()
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("INFO", "connected to Slack"),
        ("WARNING", "connected to Slack, but a connection is missing: Socket Mode is switched off"),
        ("ERROR", "not connected to Slack: Socket Mode is switched off"),
        ("INFO", "connected to Slack"),
    ]


def test_nothing_is_logged_once_the_bot_stops(
    link: ConnectionTracker, caplog: pytest.LogCaptureFixture
) -> None:
    link.opened()
    link.stop()
    link.closed("the connection broke off")
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
