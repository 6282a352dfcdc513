"""Why the bot is not connected to Slack: in words for its operator, and with how long to wait."""

import http
import http.client
import re
from dataclasses import dataclass

from slack_bolt.error import BoltError
from slack_sdk.errors import SlackApiError, SlackClientError
from websockets.exceptions import WebSocketException

from tagbot.lib.rate_limit import retry_after
from tagbot.slack.client import TROUBLED

RETRY_SECONDS = 3.0
"""Between two attempts to reach Slack: with one that is just hanging, still answering again within ten."""

PATIENT_SECONDS = 30.0
"""Between two attempts where somebody first has to change something in Slack or in the settings."""

FAILURES = (
    BoltError,
    SlackClientError,
    WebSocketException,
    OSError,
    http.client.HTTPException,
    UnicodeDecodeError,
)
"""All that may go wrong on the way to a connection: in Bolt, the Web API, the WebSocket and the network."""

_REFUSED = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
     "not_allowed_token_type"}
)  # fmt: skip
_CODE = re.compile(r"[a-z0-9_]{1,80}")


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a connection ended, will end or did not come about."""

    reason: str
    pause: float = 0.0
    """Seconds until another connection should be tried; 0 when nothing is wrong at Slack."""
    refused_token: bool = False


RENEWED = Ending("Slack renews the connection")
BROKEN = Ending("the connection broke off")
BUG = Ending("a bug, which the log tells about", RETRY_SECONDS)
SWITCHED_OFF = Ending("Socket Mode is switched off in the settings of the Slack app", PATIENT_SECONDS)
TOO_MANY = Ending(
    "Slack allows no more connections of this app: perhaps the bot runs somewhere else too", RETRY_SECONDS
)

FAREWELLS = {"link_disabled": SWITCHED_OFF, "too_many_websockets": TOO_MANY}
"""The reasons that Slack gives before it ends a connection; all others are renewals."""


def ending_of(problem: BaseException | None) -> Ending:
    """What one of `FAILURES` amounts to."""
    if isinstance(problem, BoltError):
        return ending_of(problem.__context__)  # the SDK's, in whose place Bolt raises its own
    if isinstance(problem, SlackApiError):
        return _refusal(problem)
    return Ending(f"Slack does not answer ({type(problem).__name__})", RETRY_SECONDS)


def _refusal(problem: SlackApiError) -> Ending:
    answer = problem.response
    status, code = int(answer.status_code), str(answer.get("error"))
    if status == http.HTTPStatus.TOO_MANY_REQUESTS:
        return Ending("Slack asked the bot to wait before it connects", retry_after(answer.headers))
    if code in _REFUSED:
        variable = "SLACK_APP_TOKEN" if "apps.connections.open" in str(problem) else "SLACK_BOT_TOKEN"
        return Ending(f"{variable} is refused by Slack ({code})", PATIENT_SECONDS, refused_token=True)
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or not _CODE.fullmatch(code) or code in TROUBLED:
        return Ending(f"Slack is in trouble (status {status})", RETRY_SECONDS)
    return Ending(f"Slack does not let the bot connect ({code})", PATIENT_SECONDS)
