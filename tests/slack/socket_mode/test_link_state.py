"""What the operator is told of the connection to Slack, in the log and by `status`."""

import logging
from typing import Any

import pytest
from slack_bolt.error import BoltError
from slack_sdk.errors import SlackApiError

from tagbot.slack.socket_mode.disconnects import PATIENT_SECONDS, RETRY_SECONDS, ending_of
from tagbot.slack.socket_mode.link_state import Link
from tests.lib.clock import Clock

OFF = "Socket Mode is switched off"


@pytest.fixture
def link(clock: Clock) -> Link:
    clock.now = 1_795_424_400.0  # 2026-11-23 09:00 UTC
    return Link(clock)


def words(link: Link) -> str:
    return link.state.in_words()


def test_the_state_says_since_when_and_why(link: Link, clock: Clock) -> None:
    assert words(link) == "Slack: not connected since 2026-11-23 09:00 UTC: the bot has just started."
    clock.now += 60
    link.opened()
    clock.now += 60
    link.opened()
    assert words(link) == "Slack: connected since 2026-11-23 09:01 UTC."
    link.troubled(OFF)
    link.closed("the connection broke off")
    assert words(link) == f"Slack: connected since 2026-11-23 09:01 UTC, but a connection is missing: {OFF}."
    link.closed("the connection broke off")
    assert words(link) == "Slack: not connected since 2026-11-23 09:02 UTC: Socket Mode is switched off."
    clock.now += 60
    link.troubled("Slack does not answer")
    assert words(link) == "Slack: not connected since 2026-11-23 09:02 UTC: Slack does not answer."


def test_a_connection_that_ends_while_another_is_there_is_no_trouble(link: Link) -> None:
    link.opened()
    link.opened()
    link.closed("the connection broke off")
    assert words(link) == "Slack: connected since 2026-11-23 09:00 UTC."
    link.closed("the connection broke off")
    assert words(link) == "Slack: not connected since 2026-11-23 09:00 UTC: the connection broke off."


def test_each_change_is_logged_once(link: Link, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    link.opened()
    link.opened()
    for _ in range(3):
        link.troubled(OFF)
    link.closed("gone")
    link.closed("gone")
    for _ in range(3):
        link.troubled(OFF)
    link.opened()
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("INFO", "connected to Slack"),
        ("WARNING", "connected to Slack, but a connection is missing: Socket Mode is switched off"),
        ("ERROR", "not connected to Slack: Socket Mode is switched off"),
        ("INFO", "connected to Slack"),
    ]


def test_nothing_is_logged_once_the_bot_stops(link: Link, caplog: pytest.LogCaptureFixture) -> None:
    link.opened()
    link.leave()
    link.closed("the connection broke off")
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


# --- Reasons -----------------------------------------------------------------------------------------------


class Answer(dict[str, Any]):
    """As the SDK gives it."""

    def __init__(self, error: str, status: int = 200, **headers: str) -> None:
        super().__init__(ok=False, error=error)
        self.status_code = status
        self.headers = headers


def refused(answer: Answer, method: str = "apps.connections.open") -> SlackApiError:
    return SlackApiError(f"The request failed. (url: https://slack.com/api/{method})", answer)  # type: ignore[no-untyped-call]  # the SDK's


@pytest.mark.parametrize(
    ("problem", "reason", "pause"),
    [
        (TimeoutError(), "Slack does not answer (TimeoutError)", RETRY_SECONDS),
        (refused(Answer("internal_error")), "Slack is in trouble (status 200)", RETRY_SECONDS),
        (refused(Answer("<html>", 502)), "Slack is in trouble (status 502)", RETRY_SECONDS),
        (refused(Answer("<html>", 403)), "Slack is in trouble (status 403)", RETRY_SECONDS),
        (
            refused(Answer("ratelimited", 429, **{"Retry-After": "77"})),
            "Slack asked the bot to wait before it connects",
            77.0,
        ),
        (
            refused(Answer("account_inactive")),
            "SLACK_APP_TOKEN is refused by Slack (account_inactive)",
            PATIENT_SECONDS,
        ),
        (
            refused(Answer("invalid_auth"), "auth.test"),
            "SLACK_BOT_TOKEN is refused by Slack (invalid_auth)",
            PATIENT_SECONDS,
        ),
        (
            refused(Answer("forbidden_team")),
            "Slack does not let the bot connect (forbidden_team)",
            PATIENT_SECONDS,
        ),
    ],
)
def test_what_goes_wrong_is_said_in_words_and_tells_how_long_to_wait(
    problem: Exception, reason: str, pause: float
) -> None:
    ending = ending_of(problem)
    assert (ending.reason, ending.pause) == (reason, pause)
    assert ending.refused_token is ("TOKEN" in reason)


def test_what_bolt_raises_in_the_sdks_place_is_told_apart_all_the_same() -> None:
    bolts: BoltError | None = None
    try:
        try:
            raise refused(Answer("ratelimited", 429, **{"Retry-After": "5"}), "auth.test")
        except SlackApiError:
            raise BoltError("`token` is invalid") from None
    except BoltError as problem:
        bolts = problem
    assert ending_of(bolts).pause == 5.0
