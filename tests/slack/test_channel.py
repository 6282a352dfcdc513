"""The channel: what is posted, changed and told there, no faster than Slack allows, and nothing twice."""

import time

import pytest
from slack_sdk import WebClient

from tagbot.errors import Retry
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.settings import Settings
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import MessageGone, OutcomeUnknown
from tagbot.slack.blocks import Rendered
from tagbot.slack.client import Slack
from tests.lib.clock import Clock, Nap
from tests.slack.door import FACE_ID, MESSAGE


@pytest.mark.rule("slack-pace")
def test_posts_keep_to_their_pace(settings: Settings, clock: Clock) -> None:
    nap = Nap(clock)
    door = Slack(SlackApi.of(settings, 5, clock), settings.slack_channel, 1.0, nap)
    for number in range(4):
        door.channel.post(MESSAGE, f"face {number}", 1)
    assert nap.naps == pytest.approx([1 / 0.97] * 3), "a little slower than what is allowed"


@pytest.mark.rule("post-never-twice")
@pytest.mark.parametrize("effect", [True, False])
def test_a_lost_connection_posts_nothing_twice(door: Slack, stand_in: SlackStandIn, effect: bool) -> None:
    stand_in.fail("chat.postMessage", reset=True, effect=effect)
    with pytest.raises(OutcomeUnknown):
        door.channel.post(MESSAGE, FACE_ID, 1)
    assert len(stand_in.calls("chat.postMessage")) == 1
    found = door.channel.find_request(FACE_ID, 1, time.time())
    assert found == (stand_in.messages()[0].ts if effect else None)


def test_a_request_is_found_behind_hundreds_of_other_messages(door: Slack, stand_in: SlackStandIn) -> None:
    since = time.time()
    ts = door.channel.post(MESSAGE, FACE_ID, 1)
    for number in range(201):
        stand_in.say(stand_in.people[0], f"chatter {number}")
    assert door.channel.find_request(FACE_ID, 1, since) == ts
    assert [call.args.get("cursor", "") != "" for call in stand_in.calls("conversations.history")] == [
        False,
        True,
    ]
    assert door.channel.find_request(FACE_ID, 2, since) is None


def test_only_the_request_of_the_face_and_round_is_found(
    door: Slack, stand_in: SlackStandIn, settings: Settings
) -> None:
    door.channel.post(MESSAGE, FACE_ID, 1)
    other = WebClient(settings.slack_bot_token, base_url=settings.slack_api_url)
    for metadata in (
        {"event_type": "something_else", "event_payload": {"face_id": FACE_ID, "round": 2}},
        {"event_type": "facetag_request", "event_payload": {"face_id": "another", "round": 2}},
    ):
        other.chat_postMessage(channel=settings.slack_channel, text="hello", metadata=metadata)
    assert door.channel.find_request(FACE_ID, 2, time.time()) is None
    ts = door.channel.post(MESSAGE, FACE_ID, 2)
    assert door.channel.find_request(FACE_ID, 2, time.time()) == ts
    assert stand_in.messages()[-1].ts == ts


@pytest.mark.parametrize(("behind", "found"), [(50.0, True), (70.0, False)])
def test_a_clock_that_differs_by_less_than_a_minute_hides_no_request(
    door: Slack, behind: float, found: bool
) -> None:
    ts = door.channel.post(MESSAGE, FACE_ID, 1)
    assert (door.channel.find_request(FACE_ID, 1, float(ts) + behind) == ts) is found


@pytest.mark.rule("request-metadata")
def test_a_post_carries_text_blocks_and_metadata(door: Slack, stand_in: SlackStandIn) -> None:
    ts = door.channel.post(MESSAGE, FACE_ID, 3)
    message = stand_in.message(ts)
    assert message.text == MESSAGE.text
    assert message.metadata == {
        "event_type": "facetag_request",
        "event_payload": {"face_id": FACE_ID, "round": 3},
    }


@pytest.mark.rule("request-metadata")
def test_an_update_changes_text_and_blocks_and_keeps_the_metadata(
    door: Slack, stand_in: SlackStandIn
) -> None:
    ts = door.channel.post(MESSAGE, FACE_ID, 1)
    door.channel.update(ts, Rendered("Tagged", []))
    message = stand_in.message(ts)
    assert (message.text, message.blocks) == ("Tagged", [])
    assert message.metadata


def test_a_message_that_is_gone_is_said_to_be_gone(
    door: Slack, stand_in: SlackStandIn, settings: Settings
) -> None:
    ts = door.channel.post(MESSAGE, FACE_ID, 1)
    WebClient(settings.slack_bot_token, base_url=settings.slack_api_url).chat_delete(
        channel=settings.slack_channel, ts=ts
    )
    with pytest.raises(MessageGone):
        door.channel.update(ts, MESSAGE)
    assert stand_in.messages() == []


@pytest.mark.rule("told-to-one-alone")
def test_what_is_told_to_one_person_is_seen_by_that_person_alone(door: Slack, stand_in: SlackStandIn) -> None:
    door.channel.tell(stand_in.people[0], "for you")
    assert [message.text for message in stand_in.ephemerals(stand_in.people[0])] == ["for you"]
    assert stand_in.ephemerals(stand_in.people[1]) == []
    assert stand_in.messages() == []


def test_who_is_not_in_the_channel_is_not_told_and_nothing_fails(door: Slack, stand_in: SlackStandIn) -> None:
    door.channel.tell(stand_in.former, "are you there?")
    assert stand_in.calls("chat.postEphemeral")[0].answer["error"] == "user_not_in_channel"


def test_a_channel_that_the_bot_cannot_see_can_be_mended(door: Slack, stand_in: SlackStandIn) -> None:
    assert door.channel.info()["name"] == "faces"
    stand_in.set_channel(is_private=True, members=[])
    with pytest.raises(Retry, match="channel_not_found"):
        door.channel.info()


@pytest.mark.rule("lost-requests-few-looks")
def test_what_was_deleted_is_seen_in_few_looks_also_in_a_channel_that_talks_a_lot(
    door: Slack, stand_in: SlackStandIn
) -> None:
    posted = [door.channel.post(MESSAGE, FACE_ID, number) for number in range(3)]
    for number in range(250):
        stand_in.say(stand_in.people[0], f"chatter {number}")
    posted += [door.channel.post(MESSAGE, FACE_ID, number) for number in range(3, 5)]
    stand_in.delete(posted[1])
    stand_in.delete(posted[4])
    assert door.channel.missing(posted) == {posted[1], posted[4]}
    assert len(stand_in.calls("conversations.history")) == 2
    assert door.channel.missing([]) == set()
    assert len(stand_in.calls("conversations.history")) == 2
