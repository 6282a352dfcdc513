from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tagbot.sandbox.driver import Slack


def answer(web: WebClient, method: str, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        web.api_call(method, **arguments)
    data = caught.value.response.data
    assert isinstance(data, dict)
    return data


def client(slack: Slack, token: str | None) -> WebClient:
    return WebClient(token, base_url=slack.api_url, retry_handlers=[])


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        (None, "auth.test", "not_authed"),
        ("xoxb-stolen", "auth.test", "invalid_auth"),
        ("xapp-sandbox-app", "auth.test", "not_allowed_token_type"),
        (None, "apps.connections.open", "not_authed"),
        ("xapp-stolen", "apps.connections.open", "invalid_auth"),
        ("xoxb-sandbox-bot", "apps.connections.open", "not_allowed_token_type"),
    ],
)
def test_each_method_wants_its_own_token(slack: Slack, token: str | None, method: str, error: str) -> None:
    assert answer(client(slack, token), method)["error"] == error


def test_the_token_of_the_app_counts_only_in_the_header(slack: Slack) -> None:
    told = answer(client(slack, None), "apps.connections.open", data={"token": slack.app_token})
    assert told["error"] == "not_authed"


def test_auth_test_says_who_the_bot_is_and_what_it_may(slack: Slack, web: WebClient) -> None:
    told = web.auth_test()
    assert told["user_id"] == slack.bot_user
    assert "chat:write" in told.headers["x-oauth-scopes"]


def test_a_method_that_is_not_there_is_unknown(web: WebClient) -> None:
    told = answer(web, "chat.shout")
    assert (told["error"], told["req_method"]) == ("unknown_method", "chat.shout")


@pytest.mark.parametrize(
    ("method", "needed"),
    [
        ("chat.postMessage", "chat:write"),
        ("chat.update", "chat:write"),
        ("chat.postEphemeral", "chat:write"),
        ("chat.delete", "chat:write"),
        ("users.info", "users:read"),
        ("users.list", "users:read"),
        ("conversations.info", "channels:read,groups:read"),
        ("conversations.members", "channels:read,groups:read"),
        ("conversations.history", "channels:history,groups:history"),
        ("files.getUploadURLExternal", "files:write"),
        ("files.completeUploadExternal", "files:write"),
        ("files.info", "files:read"),
        ("files.delete", "files:write"),
    ],
)
def test_a_missing_scope_is_named(slack: Slack, web: WebClient, method: str, needed: str) -> None:
    slack.set_workspace(scopes=["commands"])
    assert answer(web, method) == {
        "ok": False,
        "error": "missing_scope",
        "needed": needed,
        "provided": "commands",
    }


def test_a_private_channel_is_read_with_the_scope_for_groups(slack: Slack, web: WebClient) -> None:
    slack.set_channel(is_private=True)
    slack.set_workspace(scopes=["channels:read", "channels:history"])
    told = answer(web, "conversations.info", params={"channel": slack.channel})
    assert told["needed"] == "groups:read"
    told = answer(web, "conversations.history", params={"channel": slack.channel})
    assert told["needed"] == "groups:history"


def test_what_reads_forms_sees_nothing_of_a_json_body(slack: Slack, web: WebClient) -> None:
    told = answer(web, "conversations.info", json={"channel": slack.channel})
    assert told["error"] == "channel_not_found"


def test_a_required_argument_is_named_when_it_is_missing(web: WebClient) -> None:
    told = answer(web, "files.getUploadURLExternal")
    assert told["error"] == "invalid_arguments"
    assert told["response_metadata"]["messages"] == [
        "[ERROR] missing required field: filename",
        "[ERROR] missing required field: length",
    ]


def test_the_ledger_holds_every_call_and_no_token(slack: Slack, web: WebClient) -> None:
    web.chat_postMessage(channel=slack.channel, text="hello")
    answer(client(slack, None), "users.info", data={"token": "xoxb-secret", "user": "U1"})
    posted, asked = slack.calls()
    assert (posted.method, posted.args["text"], posted.answer["ok"]) == ("chat.postMessage", "hello", True)
    assert asked.args == {"user": "U1"}
    assert posted.at < asked.at
    assert [call.method for call in slack.calls("users.*")] == ["users.info"]
