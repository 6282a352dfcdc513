"""Direct messages in the stand-in: with whom, with which scopes, and who sees them."""

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.state import ALL_SCOPES

from .samples import METADATA


def code(call: Any, **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return str(caught.value.response["error"])


def opened(web: WebClient, member: str) -> str:
    return str(web.conversations_open(users=member)["channel"]["id"])


def test_a_conversation_is_begun_once_and_seen_by_its_two_members_alone(slack: Slack, web: WebClient) -> None:
    anna, ben, *_ = slack.people
    channel = opened(web, anna)
    assert channel.startswith("D")
    assert opened(web, anna) == channel
    assert opened(web, ben) != channel
    ts = web.chat_postMessage(channel=channel, text="hello", metadata=METADATA)["ts"]
    assert web.chat_postMessage(channel=anna, text="and again")["channel"] == channel, (
        "by the member's id too"
    )
    assert [message.text for message in slack.directs(anna)] == ["hello", "and again"]
    assert slack.directs(ben) == []
    with pytest.raises(Refused, match="is not in"):
        slack.click(ben, str(ts), "anything")
    web.chat_update(channel=channel, ts=ts, text="changed")
    assert [message.text for message in slack.directs(anna)] == ["changed", "and again"]
    [_, found] = web.conversations_history(channel=channel, include_all_metadata=True)["messages"]
    assert (found["ts"], found["metadata"]) == (ts, METADATA)
    web.chat_delete(channel=channel, ts=ts)
    assert [message.text for message in slack.removed_directs(anna)] == ["changed"]
    assert "D" not in {each["id"][0] for each in web.users_conversations(types="private_channel")["channels"]}


def test_a_file_sent_there_is_nobody_elses(slack: Slack, web: WebClient) -> None:
    anna = slack.people[0]
    channel = opened(web, anna)
    web.files_upload_v2(channel=channel, filename="data.zip", content=b"PK", initial_comment="yours")
    message = slack.wait_for_direct(anna, lambda message: bool(message.files))
    assert message.text == "yours"
    [file] = message.files
    assert slack.contents(file) == b"PK"
    info = web.files_info(file=file)["file"]
    assert (info["channels"], info["groups"], info["ims"]) == ([], [], [channel])


@pytest.mark.parametrize("scope", ["im:write", "im:history", "chat:write"])
def test_each_call_needs_its_scope(slack: Slack, web: WebClient, scope: str) -> None:
    channel = opened(web, slack.people[0])
    slack.set_workspace(scopes=[each for each in ALL_SCOPES if each != scope])
    calls: dict[str, tuple[Any, dict[str, str]]] = {
        "im:write": (web.conversations_open, {"users": slack.people[1]}),
        "im:history": (web.conversations_history, {"channel": channel}),
        "chat:write": (web.chat_postMessage, {"channel": channel, "text": "hello"}),
    }
    call, arguments = calls[scope]
    assert code(call, **arguments) == "missing_scope"


def test_to_whom_nobody_can_write(slack: Slack, web: WebClient) -> None:
    assert code(web.conversations_open, users="U0NOBODY00") == "user_not_found"
    assert code(web.conversations_open, users=slack.former) == "user_disabled"
    assert code(web.conversations_open, users=slack.other_bot) == "cannot_dm_bot"
    assert code(web.conversations_open, users="") == "users_list_not_supplied"
    slack.set_member("U0STRANGER", is_stranger=True, team_id="T0OTHER001")
    assert code(web.conversations_open, users="U0STRANGER") == "user_not_visible"
    members = [*slack.people, slack.bot_user, "U0STRANGER"]
    slack.set_channel(members=members)
    assert opened(web, "U0STRANGER").startswith("D")
    slack.set_workspace(messages_tab=False)
    assert code(web.chat_postMessage, channel=slack.people[0], text="hello") == "messages_tab_disabled"


def test_people_write_there_only_where_the_app_lets_them(slack: Slack, web: WebClient) -> None:
    channel = opened(web, slack.people[0])
    with pytest.raises(Refused, match="turned off"):
        slack.say(slack.people[0], "hello", channel=channel)
    slack.set_workspace(messages_tab_read_only=False)
    assert slack.say(slack.people[0], "hello", channel=channel).text == "hello"
