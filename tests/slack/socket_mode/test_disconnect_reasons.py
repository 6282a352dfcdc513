"""Why a connection ended: in words, and with how long to wait."""

from typing import Any

import pytest
from slack_bolt.error import BoltError
from slack_sdk.errors import SlackApiError

from tagbot.slack.socket_mode.disconnect_reasons import PATIENT_SECONDS, RETRY_SECONDS, disconnect_of


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
    ending = disconnect_of(problem)
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
    assert disconnect_of(bolts).pause == 5.0
