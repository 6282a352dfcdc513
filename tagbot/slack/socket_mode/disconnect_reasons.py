"""Why the bot is not connected to Slack: in words for its operator, and with how long to wait."""

import http
import http.client
from dataclasses import dataclass

from slack_bolt.error import BoltError
from slack_sdk.errors import SlackApiError, SlackClientError
from websockets.exceptions import WebSocketException

from tagbot.lib.rate_limit import retry_after
from tagbot.slack.api_failures import ERROR_CODE, SLACK_FAILED

RETRY_SECONDS = 3.0
"""Between two attempts to reach Slack: with one that is just hanging, still answering again within ten."""

PATIENT_SECONDS = 30.0
"""Between two attempts where an operator first has to change something in Slack or in the settings."""

FAILURES = (
    BoltError,
    SlackClientError,
    WebSocketException,
    OSError,
    http.client.HTTPException,
    UnicodeDecodeError,
)
"""All that may fail on the way to a connection: in Bolt, the Web API, the WebSocket and the network."""

_REFUSED = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
     "not_allowed_token_type"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The end of a connection, also of one that is yet to end or did not come about."""

    reason: str
    pause: float = 0.0
    """Seconds until another connection should be tried; 0 when nothing is wrong at Slack."""
    refused_token: bool = False


RENEWED = Disconnect("Slack renews the connection")
BROKEN = Disconnect("the connection broke off")
BUG = Disconnect("a bug, which the log tells about", RETRY_SECONDS)
SWITCHED_OFF = Disconnect("Socket Mode is switched off in the settings of the Slack app", PATIENT_SECONDS)
TOO_MANY = Disconnect(
    "Slack allows no more connections of this app: perhaps the bot runs somewhere else too", RETRY_SECONDS
)

REASONS_OF_SLACK = {"link_disabled": SWITCHED_OFF, "too_many_websockets": TOO_MANY}
"""The reasons that Slack gives before it ends a connection; all others are renewals."""


def disconnect_of(failure: BaseException | None) -> Disconnect:
    """The disconnect that one of `FAILURES` amounts to."""
    if isinstance(failure, BoltError):
        return disconnect_of(failure.__context__)  # the SDK's, in whose place Bolt raises its own
    if not isinstance(failure, SlackApiError):
        return Disconnect(f"Slack does not answer ({type(failure).__name__})", RETRY_SECONDS)
    answer = failure.response
    status, code = int(answer.status_code), str(answer.get("error"))
    if status == http.HTTPStatus.TOO_MANY_REQUESTS:
        return Disconnect("Slack asked the bot to wait before it connects", retry_after(answer.headers))
    if code in _REFUSED:
        variable = "SLACK_APP_TOKEN" if "apps.connections.open" in str(failure) else "SLACK_BOT_TOKEN"
        return Disconnect(f"{variable} is refused by Slack ({code})", PATIENT_SECONDS, refused_token=True)
    if (
        status >= http.HTTPStatus.INTERNAL_SERVER_ERROR
        or not ERROR_CODE.fullmatch(code)
        or code in SLACK_FAILED
    ):
        return Disconnect(f"Slack is in trouble (status {status})", RETRY_SECONDS)
    return Disconnect(f"Slack does not let the bot connect ({code})", PATIENT_SECONDS)
