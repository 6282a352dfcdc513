"""Slack's errors: what each of them says can be done."""

import pytest

from tagbot.errors import Reject, Retry
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.slack.api_failures import ChannelClosed, MessageGone, NoSuchMember, OutcomeUnknown
from tagbot.slack.client import Slack
from tests.slack.door import failure

ERRORS: dict[str, type[Exception]] = {
    **dict.fromkeys(
        ["internal_error", "fatal_error", "request_timeout", "service_unavailable"], OutcomeUnknown
    ),
    **dict.fromkeys(["not_in_channel", "channel_not_found", "is_archived"], ChannelClosed),
    **dict.fromkeys(["restricted_action", "missing_scope"], Retry),
    **dict.fromkeys(["invalid_auth", "not_authed", "account_inactive", "token_revoked"], Retry),
    **dict.fromkeys(["ratelimited", "rate_limited", "message_limit_exceeded", "some_new_error"], Retry),
    **dict.fromkeys(["invalid_blocks", "msg_blocks_too_long", "msg_too_long", "no_text"], Reject),
    **dict.fromkeys(["metadata_too_large", "invalid_json", "unknown_method"], Reject),
    **dict.fromkeys(["message_not_found", "cant_update_message", "edit_window_closed"], MessageGone),
    **dict.fromkeys(["user_not_found", "user_not_visible"], NoSuchMember),
}


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_code_of_slack_says_what_can_be_done(
    door: Slack, stand_in: SlackStandIn, error: str
) -> None:
    stand_in.fail("chat.postMessage", error=error)
    raised = failure(door, stand_in, "chat.postMessage")
    assert type(raised) is ERRORS[error]
    assert error in raised.reason


@pytest.mark.rule("permission-named")
def test_a_missing_scope_is_named(door: Slack, stand_in: SlackStandIn) -> None:
    stand_in.set_workspace(scopes=["users:read"])
    raised = failure(door, stand_in, "chat.postMessage")
    assert (type(raised), raised.reason) == (
        Retry,
        "chat.postMessage: missing_scope (the Slack app needs the scope chat:write)",
    )
