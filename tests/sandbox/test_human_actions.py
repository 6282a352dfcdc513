import time
import urllib.error
from typing import Any

import pytest
from slack_bolt import Ack, App, Respond, Say
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from tagbot.sandbox.defaults import LUNCH
from tagbot.sandbox.driver import Slack
from tagbot.sandbox.refusals import Refused

from .conftest import Connect
from .samples import METADATA, Json, actions, button, option, png, section, static_select, users_select

REQUEST = [
    section("Who is this?"),
    actions(users_select(), static_select("pick"), button("not_a_face"), block_id="face:f1"),
    section(
        accessory={"type": "overflow", "action_id": "more", "options": [option("help")]}, block_id="menu"
    ),
]


@pytest.fixture
def anna(slack: Slack) -> str:
    return slack.people[0]


@pytest.fixture
def request_ts(slack: Slack, web: WebClient, app: App, connect: Connect) -> str:
    """A message with every kind of element, and an app that acknowledges all of them."""
    for action in ("tag_person", "pick", "not_a_face", "more"):
        app.action(action)(lambda ack: ack())
    connect(app)
    return post(slack, web)


def post(slack: Slack, web: WebClient) -> str:
    ts: str = web.chat_postMessage(
        channel=slack.channel, text="Who is this?", blocks=REQUEST, metadata=METADATA
    )["ts"]
    return ts


def test_a_choice_of_a_person_arrives_complete(slack: Slack, request_ts: str, anna: str) -> None:
    act = slack.choose(anna, request_ts, "tag_person", slack.people[1])
    assert act.acknowledged
    assert act.error is None
    assert act.latency_ms is not None
    payload = act.payload
    (action,) = payload["actions"]
    assert action.pop("action_ts")
    assert action == {
        "type": "users_select",
        "action_id": "tag_person",
        "block_id": "face:f1",
        "selected_user": slack.people[1],
    }
    assert payload["type"] == "block_actions"
    assert payload["user"] == {"id": anna, "username": "anna", "name": "anna", "team_id": "T0FACETAG"}
    assert payload["container"] == {
        "type": "message",
        "message_ts": request_ts,
        "channel_id": slack.channel,
        "is_ephemeral": False,
    }
    assert payload["channel"] == {"id": slack.channel, "name": "faces"}
    assert payload["message"]["ts"] == request_ts
    assert payload["message"]["blocks"][1]["block_id"] == "face:f1"
    assert payload["response_url"].startswith(slack.address)
    assert {"trigger_id", "team", "token", "api_app_id", "enterprise", "is_enterprise_install"} <= set(
        payload
    )


def test_the_state_holds_what_this_person_chose_and_nobody_else(
    slack: Slack, request_ts: str, anna: str
) -> None:
    slack.choose(anna, request_ts, "tag_person", slack.people[1])
    mine = slack.click(anna, request_ts, "not_a_face").payload["state"]["values"]["face:f1"]
    theirs = slack.click(slack.people[2], request_ts, "not_a_face").payload["state"]["values"]["face:f1"]
    assert mine["tag_person"]["selected_user"] == slack.people[1]
    assert theirs["tag_person"]["selected_user"] is None
    assert theirs["pick"]["selected_option"] is None


def test_an_option_arrives_whole(slack: Slack, request_ts: str, anna: str) -> None:
    for action, value in (("pick", "two"), ("more", "help")):
        chosen = slack.choose(anna, request_ts, action, value).payload["actions"][0]["selected_option"]
        assert chosen["value"] == value
        assert chosen["text"]["text"]


def test_a_button_arrives_with_its_text(slack: Slack, request_ts: str, anna: str) -> None:
    action = slack.click(anna, request_ts, "not_a_face").payload["actions"][0]
    assert (action["type"], action["text"]["text"]) == ("button", "Press")


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ({"where": "1.000001"}, "no message 1.000001"),
        ({"action_id": "elsewhere"}, "no element elsewhere"),
        ({"value": "U0NOBODY00"}, "no member U0NOBODY00"),
        ({"action_id": "pick", "value": "three"}, "does not offer three; it offers one, two"),
        ({"action_id": "not_a_face", "value": "one"}, "is a button"),
        ({"member": "U0FORMER06"}, "deactivated"),
        ({"member": "U0LUNCHBOT"}, "is a bot"),
        ({"member": "U0NOBODY00"}, "no member"),
        ({"block_id": "elsewhere"}, "no element"),
    ],
)
def test_what_is_not_there_cannot_be_used(
    slack: Slack, web: WebClient, anna: str, what: Json, reason: str
) -> None:
    act: Json = {"member": anna, "where": post(slack, web), "action_id": "tag_person", "value": anna}
    with pytest.raises(Refused, match=reason):
        slack.choose(**{**act, **what})
    assert not slack.acts()


def test_a_select_is_not_clicked(slack: Slack, web: WebClient, anna: str) -> None:
    with pytest.raises(Refused, match="say what to choose"):
        slack.click(anna, post(slack, web), "tag_person")


def test_who_is_not_in_the_channel_cannot_act_there(slack: Slack, web: WebClient, anna: str) -> None:
    slack.set_channel(members=[slack.bot_user])
    with pytest.raises(Refused, match="is not in"):
        slack.click(anna, post(slack, web), "not_a_face")


def test_a_control_that_was_taken_away_cannot_be_used(slack: Slack, web: WebClient, anna: str) -> None:
    ts = post(slack, web)
    web.chat_update(channel=slack.channel, ts=ts, text="Closed", blocks=[section("Closed")])
    with pytest.raises(Refused, match="no element"):
        slack.click(anna, ts, "not_a_face")


def test_a_deleted_message_cannot_be_used(slack: Slack, web: WebClient, anna: str) -> None:
    ts = post(slack, web)
    web.chat_delete(channel=slack.channel, ts=ts)
    with pytest.raises(Refused, match="no message"):
        slack.click(anna, ts, "not_a_face")


def test_a_message_that_somebody_deletes_leaves_a_tombstone_where_it_has_replies(
    slack: Slack, web: WebClient, anna: str
) -> None:
    plain, parent = post(slack, web), post(slack, web)
    slack.say(anna, "who is this?", thread_ts=parent)
    for ts in (plain, parent):
        slack.delete(ts)
        with pytest.raises(Refused, match="no message"):
            slack.delete(ts)
    [stone] = web.conversations_history(channel=slack.channel, include_all_metadata=True)["messages"]
    assert (stone["ts"], stone["subtype"], stone["blocks"]) == (parent, "tombstone", [])
    assert "metadata" not in stone
    assert [message.ts for message in slack.removed()] == [plain, parent]


def test_the_app_hears_of_a_deleted_message_if_it_asked_to(
    slack: Slack, app: App, connect: Connect, anna: str
) -> None:
    heard: list[dict[str, Any]] = []

    @app.event({"type": "message", "subtype": "message_deleted"})
    def hear(event: dict[str, Any]) -> None:
        heard.append(event)
        slack.set_workspace(subscriptions=[])  # wakes those who wait for a change

    slack.set_workspace(subscriptions=["message.channels"])
    connect(app)
    ts = slack.say(anna, "never mind").ts
    slack.delete(ts, member=anna)
    slack.wait_for(lambda: heard)
    assert (heard[0]["deleted_ts"], heard[0]["previous_message"]["ts"]) == (ts, ts)


def test_an_element_that_is_there_twice_must_be_named_with_its_block(
    slack: Slack, web: WebClient, app: App, connect: Connect, anna: str
) -> None:
    app.action("press")(lambda ack: ack())
    connect(app)
    blocks = [actions(button(), block_id="a"), actions(button(), block_id="b")]
    ts = web.chat_postMessage(channel=slack.channel, text="a", blocks=blocks)["ts"]
    with pytest.raises(Refused, match="name the block_id"):
        slack.click(anna, ts, "press")
    assert slack.click(anna, ts, "press", block_id="b").payload["actions"][0]["block_id"] == "b"


@pytest.mark.usefixtures("request_ts")
def test_an_ephemeral_message_is_used_by_its_addressee_only(slack: Slack, web: WebClient, anna: str) -> None:
    ts = web.chat_postEphemeral(channel=slack.channel, user=anna, text="a", blocks=REQUEST)["message_ts"]
    payload = slack.click(anna, ts, "not_a_face").payload
    assert payload["container"]["is_ephemeral"]
    assert "message" not in payload
    with pytest.raises(Refused, match="not for them"):
        slack.click(slack.people[1], ts, "not_a_face")


@pytest.mark.failure("readme-bot-gone", "bot-gone", shows="who is told")
def test_without_a_connection_an_act_fails_and_is_not_kept(
    slack: Slack, web: WebClient, app: App, connect: Connect, anna: str
) -> None:
    heard: list[Json] = []

    @app.action("not_a_face")
    def listen(ack: Ack, body: Json) -> None:
        heard.append(body)
        ack()

    ts = post(slack, web)
    act = slack.click(anna, ts, "not_a_face")
    assert (act.delivered, act.acknowledged, act.error) == (False, False, "dispatch_failed")
    connect(app)
    assert slack.click(anna, ts, "not_a_face").acknowledged
    assert len(heard) == 1


def test_a_late_acknowledgement_is_an_error_for_the_person(
    slack: Slack, web: WebClient, app: App, connect: Connect, anna: str
) -> None:
    slack.rules(acknowledge_seconds=0.05)

    @app.action("not_a_face")
    def sleep(ack: Ack) -> None:
        time.sleep(0.15)  # this is the lateness itself
        ack()

    connect(app)
    act = slack.click(anna, post(slack, web), "not_a_face")
    assert (act.delivered, act.acknowledged, act.error) == (True, False, "operation_timeout")
    (late,) = slack.wait_for(lambda: [each for each in slack.deliveries() if each.late_ms], "it to come late")
    assert late.late_ms is not None
    assert late.late_ms > 100
    assert len(slack.deliveries()) == 1, "interactive payloads are sent once"


def test_an_act_need_not_be_waited_for(slack: Slack, request_ts: str, anna: str) -> None:
    acts = [slack.click(anna, request_ts, "not_a_face", wait=False) for _ in range(20)]
    assert not any(act.acknowledged for act in acts[:1])
    assert all(slack.finished(act).acknowledged for act in acts)


# ---------------------------------------------------------------- commands


def test_a_command_is_answered_in_its_acknowledgement(
    slack: Slack, app: App, connect: Connect, anna: str
) -> None:
    app.command("/facetag")(lambda ack, body: ack(f"{body['text']} is fine"))
    connect(app)
    act = slack.slash(anna, "/facetag", "status")
    assert act.acknowledged
    assert [message.text for message in slack.ephemerals(anna)] == ["status is fine"]
    assert act.payload["channel_name"] == "faces"
    assert act.payload["user_id"] == anna
    assert act.payload["trigger_id"]


def test_a_command_can_be_answered_to_all(slack: Slack, app: App, connect: Connect, anna: str) -> None:
    app.command("/facetag")(lambda ack: ack(text="hello all", response_type="in_channel"))
    connect(app)
    slack.slash(anna, "/facetag")
    assert [message.text for message in slack.messages()] == ["hello all"]


def test_a_command_works_where_the_bot_is_not(slack: Slack, app: App, connect: Connect, anna: str) -> None:
    app.command("/facetag")(lambda ack: ack("here too"))
    connect(app)
    slack.slash(anna, "/facetag", channel=LUNCH)
    assert slack.ephemerals(anna)[0].channel == LUNCH


def test_a_bad_answer_to_a_command_is_an_error_for_the_person(
    slack: Slack, app: App, connect: Connect, anna: str
) -> None:
    app.command("/facetag")(lambda ack: ack(text="a", blocks=[{"type": "carousel"}]))
    connect(app)
    error = slack.slash(anna, "/facetag").error
    assert error == "invalid_blocks: unsupported type: carousel [json-pointer:/blocks/0/type]"


def test_a_command_that_is_not_installed_cannot_be_typed(slack: Slack, anna: str) -> None:
    with pytest.raises(Refused, match="not a valid command"):
        slack.slash(anna, "/unknown")


# ---------------------------------------------------------------- response URLs


def answer(act_payload: Json, **body: Any) -> tuple[int, str]:
    answered = WebhookClient(act_payload["response_url"]).send_dict(body)
    return answered.status_code, answered.body


def test_a_response_is_seen_by_who_acted(slack: Slack, request_ts: str, anna: str) -> None:
    payload = slack.click(anna, request_ts, "not_a_face").payload
    assert answer(payload, text="thanks")[0] == 200
    assert [message.text for message in slack.ephemerals(anna)] == ["thanks"]
    assert answer(payload, text="all", response_type="in_channel")[0] == 200
    assert slack.messages()[-1].text == "all"


def test_a_response_replaces_or_deletes_the_original(slack: Slack, request_ts: str, anna: str) -> None:
    payload = slack.click(anna, request_ts, "not_a_face").payload
    answer(payload, text="closed", replace_original=True)
    assert slack.message(request_ts).text == "closed"
    answer(payload, delete_original=True)
    assert not slack.messages()


def test_a_response_url_is_good_five_times(slack: Slack, request_ts: str, anna: str) -> None:
    payload = slack.click(anna, request_ts, "not_a_face").payload
    assert [answer(payload, text="a")[0] for _ in range(6)] == [200] * 5 + [404]


def test_a_response_url_expires(slack: Slack, request_ts: str, anna: str) -> None:
    payload = slack.click(anna, request_ts, "not_a_face").payload
    slack.rules(response_url_seconds=0)
    assert "expired_url" in answer(payload, text="a")[1]


@pytest.mark.parametrize(
    ("body", "error"),
    [({"text": "a", "blocks": [{"type": "a"}]}, "invalid_blocks"), ({"text": ""}, "no_text")],
)
def test_a_bad_response_is_refused(slack: Slack, request_ts: str, anna: str, body: Json, error: str) -> None:
    status, told = answer(slack.click(anna, request_ts, "not_a_face").payload, **body)
    assert status == 404
    assert error in told
    assert [call.status for call in slack.calls("response_url")] == [404]


def test_responses_meet_faults_too(slack: Slack, request_ts: str, anna: str) -> None:
    slack.fail("response_url", status=500)
    try:
        status = answer(slack.click(anna, request_ts, "not_a_face").payload, text="a")[0]
    except urllib.error.HTTPError as error:
        status = error.code
    assert status == 500


def test_bolts_respond_reaches_the_person(
    slack: Slack, web: WebClient, app: App, connect: Connect, anna: str
) -> None:
    @app.action("not_a_face")
    def listen(ack: Ack, respond: Respond, say: Say) -> None:
        ack()
        respond("noted", replace_original=False)
        say("for all")

    connect(app)
    slack.click(anna, post(slack, web), "not_a_face")
    assert slack.wait_for_ephemeral(anna).text == "noted"
    slack.wait_for_message(lambda message: message.text == "for all")


# ---------------------------------------------------------------- words and files


def test_what_people_say_is_an_event_only_if_the_app_asked(slack: Slack, app: App, connect: Connect) -> None:
    heard: list[str] = []
    app.event("message")(lambda event: heard.append(event["text"]))
    connect(app)
    slack.set_workspace(subscriptions=[])
    slack.say(slack.people[0], "before")
    slack.set_workspace(subscriptions=["message.channels"])
    slack.say(slack.people[0], "after")
    slack.wait_for(lambda: any(each.acknowledged for each in slack.deliveries()), "the event")
    assert heard == ["after"]


def test_a_shared_photo_is_told_when_it_is_ready(slack: Slack, app: App, connect: Connect) -> None:
    heard: list[str] = []
    app.event("file_shared")(lambda event: heard.append(event["file_id"]))
    connect(app)
    slack.set_workspace(subscriptions=["file_shared"])
    file = slack.share(slack.people[0], "photo.png", png(), text="us at lunch")
    message = slack.wait_for_message()
    assert (message.text, message.files) == ("us at lunch", [file.id])
    slack.wait_for(lambda: heard, "the event", timeout=5)
    assert heard == [file.id]


def test_nobody_speaks_in_an_archived_channel(slack: Slack) -> None:
    slack.set_channel(is_archived=True)
    with pytest.raises(Refused, match="archived"):
        slack.say(slack.people[0], "hello?")
