from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tagbot.sandbox.defaults import LUNCH
from tagbot.sandbox.driver import Slack

from .samples import METADATA, section


def code(call: Any, **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return str(caught.value.response["error"])


def test_a_message_is_there_after_posting(slack: Slack, web: WebClient) -> None:
    answer = web.chat_postMessage(channel=slack.channel, text="hello", blocks=[section()], metadata=METADATA)
    (message,) = slack.messages()
    assert (message.ts, message.text, message.metadata) == (answer["ts"], "hello", METADATA)
    assert message.user == slack.bot_user
    assert answer["message"]["bot_id"]


def test_the_ts_of_messages_only_grow(slack: Slack, web: WebClient) -> None:
    stamps = [web.chat_postMessage(channel=slack.channel, text="a")["ts"] for _ in range(20)]
    assert stamps == sorted(set(stamps))


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat_postMessage", {"channel": "C0NOWHERE0", "text": "a"}, "channel_not_found"),
        ("chat_postMessage", {"channel": "#faces", "text": "a"}, "channel_not_found"),
        ("chat_postMessage", {"channel": LUNCH, "text": "a"}, "not_in_channel"),
        ("chat_postMessage", {"channel": "C0FACES01", "text": ""}, "no_text"),
        ("chat_postMessage", {"channel": "C0FACES01", "blocks": []}, "no_text"),
        (
            "chat_postMessage",
            {"channel": "C0FACES01", "text": "a", "thread_ts": "1.000001"},
            "cannot_reply_to_message",
        ),
        ("chat_update", {"channel": "C0FACES01", "ts": "1.000001", "text": "a"}, "message_not_found"),
        ("chat_delete", {"channel": "C0FACES01", "ts": "1.000001"}, "message_not_found"),
        ("chat_getPermalink", {"channel": "C0FACES01", "message_ts": "1.000001"}, "message_not_found"),
        ("chat_postEphemeral", {"channel": LUNCH, "user": "U0ANNA0001", "text": "a"}, "not_in_channel"),
        (
            "chat_postEphemeral",
            {"channel": "C0FACES01", "user": "U0FORMER06", "text": "a"},
            "user_not_in_channel",
        ),
        ("chat_postEphemeral", {"channel": "C0FACES01", "user": "U0ANNA0001"}, "no_text"),
        ("conversations_history", {"channel": LUNCH}, "not_in_channel"),
        ("conversations_history", {"channel": "C0FACES01", "oldest": "soon"}, "invalid_ts_oldest"),
        ("conversations_history", {"channel": "C0FACES01", "latest": "late"}, "invalid_ts_latest"),
        ("conversations_history", {"channel": "C0FACES01", "cursor": "!"}, "invalid_cursor"),
        ("conversations_members", {"channel": "C0FACES01", "limit": 1001}, "invalid_limit"),
        ("users_conversations", {"limit": 1000}, "invalid_limit"),
        ("users_conversations", {"user": "U0NOBODY99"}, "user_not_found"),
        ("users_conversations", {"types": "secret"}, "invalid_types"),
        ("conversations_info", {"channel": "C0NOWHERE0"}, "channel_not_found"),
        ("users_info", {"user": "U0NOBODY00"}, "user_not_found"),
    ],
)
def test_a_call_that_slack_refuses_gets_slacks_own_error(
    web: WebClient, method: str, arguments: dict[str, Any], error: str
) -> None:
    assert code(getattr(web, method), **arguments) == error


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "chat.postEphemeral", "chat.delete"])
def test_a_call_without_a_channel_finds_no_channel(web: WebClient, method: str) -> None:
    assert code(web.api_call, api_method=method, json={"text": "a"}) == "channel_not_found"


def test_a_private_channel_does_not_exist_for_a_bot_outside(slack: Slack, web: WebClient) -> None:
    slack.set_channel(is_private=True, members=slack.people)
    assert code(web.chat_postMessage, channel=slack.channel, text="a") == "channel_not_found"
    assert code(web.conversations_info, channel=slack.channel) == "channel_not_found"
    assert code(web.conversations_history, channel=slack.channel) == "channel_not_found"


def test_an_archived_channel_takes_no_message(slack: Slack, web: WebClient) -> None:
    slack.set_channel(is_archived=True)
    assert code(web.chat_postMessage, channel=slack.channel, text="a") == "is_archived"


def test_long_text_is_cut_on_posting_and_refused_on_updating(slack: Slack, web: WebClient) -> None:
    ts = web.chat_postMessage(channel=slack.channel, text="x" * 40_001)["ts"]
    assert len(slack.message(ts).text) == 40_000
    web.chat_update(channel=slack.channel, ts=ts, text="x" * 4000)
    assert code(web.chat_update, channel=slack.channel, ts=ts, text="x" * 4001) == "msg_too_long"


def test_an_update_keeps_the_ts_and_the_history(slack: Slack, web: WebClient) -> None:
    ts = web.chat_postMessage(channel=slack.channel, text="first", metadata=METADATA)["ts"]
    web.chat_update(channel=slack.channel, ts=ts, text="second", blocks=[section()])
    message = slack.message(ts)
    assert message.text == "second"
    assert [version.text for version in message.history] == ["first"]


def test_an_update_keeps_the_blocks_and_the_metadata_that_it_does_not_name(
    slack: Slack, web: WebClient
) -> None:
    ts = web.chat_postMessage(channel=slack.channel, text="a", blocks=[section()], metadata=METADATA)["ts"]
    web.chat_update(channel=slack.channel, ts=ts, text="b")
    assert slack.message(ts).blocks
    assert slack.message(ts).metadata == METADATA
    web.chat_update(channel=slack.channel, ts=ts, text="c", blocks=[], metadata={})
    assert not slack.message(ts).blocks
    assert slack.message(ts).metadata is None


def test_an_update_with_bad_blocks_changes_nothing(slack: Slack, web: WebClient) -> None:
    ts = web.chat_postMessage(channel=slack.channel, text="first")["ts"]
    assert (
        code(web.chat_update, channel=slack.channel, ts=ts, text="b", blocks=[{"type": "a"}])
        == "invalid_blocks"
    )
    assert slack.message(ts).text == "first"


def test_the_bot_changes_only_its_own_messages(slack: Slack, web: WebClient) -> None:
    ts = slack.say(slack.people[0], "mine").ts
    assert code(web.chat_update, channel=slack.channel, ts=ts, text="a") == "cant_update_message"
    assert code(web.chat_delete, channel=slack.channel, ts=ts) == "cant_delete_message"


def test_a_deleted_message_is_gone(slack: Slack, web: WebClient) -> None:
    ts = web.chat_postMessage(channel=slack.channel, text="a")["ts"]
    web.chat_delete(channel=slack.channel, ts=ts)
    assert not slack.messages()
    assert [message.ts for message in slack.removed()] == [ts]
    assert code(web.chat_delete, channel=slack.channel, ts=ts) == "message_not_found"


def test_a_reply_belongs_to_its_thread(slack: Slack, web: WebClient) -> None:
    ts = web.chat_postMessage(channel=slack.channel, text="a")["ts"]
    reply = web.chat_postMessage(channel=slack.channel, text="b", thread_ts=ts)["ts"]
    deeper = web.chat_postMessage(channel=slack.channel, text="c", thread_ts=reply)["ts"]
    assert [message.ts for message in slack.messages()] == [ts]
    assert [message.ts for message in slack.replies(ts)] == [reply, deeper]
    parent = web.conversations_history(channel=slack.channel)["messages"][0]
    assert (parent["reply_count"], parent["latest_reply"]) == (2, deeper)


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ("no json", "invalid_metadata_format"),
        ("[1]", "invalid_metadata_format"),
        ({"event_type": "a"}, "invalid_metadata_format"),
        ({"event_type": "", "event_payload": {}}, "invalid_metadata_format"),
        ({"event_type": "a", "event_payload": "b"}, "invalid_metadata_format"),
        ({"event_type": "a", "event_payload": {"b": "x" * 16_000}}, "metadata_too_large"),
    ],
)
def test_metadata_that_breaks_a_rule_is_refused(
    slack: Slack, web: WebClient, metadata: Any, error: str
) -> None:
    assert code(web.chat_postMessage, channel=slack.channel, text="a", metadata=metadata) == error
    assert not slack.messages()


def test_an_ephemeral_message_is_seen_by_one_person_only(slack: Slack, web: WebClient) -> None:
    anna, ben = slack.people[:2]
    ts = web.chat_postEphemeral(channel=slack.channel, user=anna, text="psst")["message_ts"]
    assert [message.ts for message in slack.ephemerals(anna)] == [ts]
    assert not slack.ephemerals(ben)
    assert not web.conversations_history(channel=slack.channel)["messages"]


def test_an_ephemeral_message_cannot_be_updated_or_deleted(slack: Slack, web: WebClient) -> None:
    ts = web.chat_postEphemeral(channel=slack.channel, user=slack.people[0], text="psst")["message_ts"]
    assert code(web.chat_update, channel=slack.channel, ts=ts, text="a") == "message_not_found"
    assert code(web.chat_delete, channel=slack.channel, ts=ts) == "message_not_found"


def test_an_ephemeral_message_in_a_thread_without_replies_is_not_seen(slack: Slack, web: WebClient) -> None:
    anna = slack.people[0]
    ts = web.chat_postMessage(channel=slack.channel, text="a")["ts"]
    web.chat_postEphemeral(channel=slack.channel, user=anna, text="unseen", thread_ts=ts)
    web.chat_postMessage(channel=slack.channel, text="b", thread_ts=ts)
    web.chat_postEphemeral(channel=slack.channel, user=anna, text="seen", thread_ts=ts)
    assert [message.text for message in slack.ephemerals(anna)] == ["seen"]


def test_the_history_shows_metadata_only_when_asked(slack: Slack, web: WebClient) -> None:
    web.chat_postMessage(channel=slack.channel, text="a", metadata=METADATA)
    (message,) = web.conversations_history(channel=slack.channel)["messages"]
    assert "metadata" not in message
    (message,) = web.conversations_history(channel=slack.channel, include_all_metadata=True)["messages"]
    assert message["metadata"] == METADATA


def test_the_history_comes_newest_first_and_page_by_page(slack: Slack, web: WebClient) -> None:
    stamps = [web.chat_postMessage(channel=slack.channel, text="a")["ts"] for _ in range(5)]
    pages = [dict(page.data) for page in web.conversations_history(channel=slack.channel, limit=2)]
    assert [page["has_more"] for page in pages] == [True, True, False]
    assert [message["ts"] for page in pages for message in page["messages"]] == stamps[::-1]


def test_the_history_leaves_out_its_ends_unless_inclusive(slack: Slack, web: WebClient) -> None:
    first, second, third = (web.chat_postMessage(channel=slack.channel, text="a")["ts"] for _ in range(3))

    def found(*, inclusive: bool) -> list[str]:
        page = web.conversations_history(
            channel=slack.channel, oldest=first, latest=third, inclusive=inclusive
        )
        return [message["ts"] for message in page["messages"]]

    assert found(inclusive=False) == [second]
    assert found(inclusive=True) == [third, second, first]


def test_a_permalink_leads_to_the_message(slack: Slack, web: WebClient) -> None:
    ts = web.chat_postMessage(channel=slack.channel, text="a")["ts"]
    link = web.chat_getPermalink(channel=slack.channel, message_ts=ts)["permalink"]
    assert link == f"https://sandbox.slack.com/archives/{slack.channel}/p{ts.replace('.', '')}"


def test_profiles_are_told_and_the_address_only_with_its_scope(slack: Slack, web: WebClient) -> None:
    anna = slack.people[0]
    user = web.users_info(user=anna, include_locale=True)["user"]
    assert user["profile"]["real_name"] == "Anna Lindqvist"
    assert user["profile"]["email"] == "anna@example.com"
    assert user["profile"]["image_192"].startswith("https://")
    assert user["locale"] == "en-US"
    slack.set_workspace(scopes=["users:read"])
    assert "email" not in web.users_info(user=anna)["user"]["profile"]


def test_the_list_of_users_has_those_who_left_and_the_bots(slack: Slack, web: WebClient) -> None:
    users = {user["id"]: user for page in web.users_list(limit=3) for user in page["members"]}
    assert len(users) == 8
    assert users[slack.former]["deleted"]
    assert users[slack.other_bot]["is_bot"]
    assert set(slack.people) < set(users)


def test_a_channel_tells_who_may_read_it_and_who_is_in_it(slack: Slack, web: WebClient) -> None:
    slack.set_channel(is_private=True, is_ext_shared=True)
    channel = web.conversations_info(channel=slack.channel, include_num_members=True)["channel"]
    assert channel["is_private"]
    assert channel["is_member"]
    assert channel["is_ext_shared"]
    pages = web.conversations_members(channel=slack.channel, limit=4)
    members = [member for page in pages for member in page["members"]]
    assert len(members) == channel["num_members"] == 7
