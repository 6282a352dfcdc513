"""What no handler knows, and what one fails at: Slack always hears from the bot, and so does the person."""

import sqlite3
from contextlib import closing, suppress
from typing import Any

import pytest
from slack_bolt import BoltRequest

from tagbot.errors import Retry
from tagbot.slack import words
from tagbot.vocabulary import QueueName
from tests.handlers.conftest import Desk, connected_desk
from tests.world import World, ts_of

BUTTON = {"type": "button", "action_id": "of_yesterday", "text": {"type": "plain_text", "text": "Press"}}
VIEW = {
    "type": "modal",
    "callback_id": "of_yesterday",
    "title": {"type": "plain_text", "text": "Old"},
    "submit": {"type": "plain_text", "text": "Save"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "it",
            "label": {"type": "plain_text", "text": "It"},
            "element": {"type": "plain_text_input", "action_id": "it"},
        },
        {"type": "actions", "elements": [BUTTON]},
    ],
}
WHO = {"team": {"id": "T0FACETAG"}, "user": {"id": "U0ANNA0001"}, "api_app_id": "A0FACETAG", "token": "x"}


def nothing_stored(desk: Desk) -> bool:
    return not any(desk.world.messages(queue) for queue in QueueName)


@pytest.mark.rule("every-interaction-acknowledged")
def test_an_unknown_button_is_acknowledged_and_the_person_told(desk: Desk) -> None:
    anna = desk.slack.people[0]
    posted = desk.client.chat_postMessage(
        channel=desk.slack.channel, text="Old", blocks=[{"type": "actions", "elements": [BUTTON]}]
    )
    assert desk.slack.click(anna, str(posted["ts"]), "of_yesterday").acknowledged
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.UNKNOWN_ACT)
    assert desk.slack.message(str(posted["ts"])).text == "Old"
    assert nothing_stored(desk)


def an_old_modal(desk: Desk) -> str:
    """One that this version does not know, on Anna's screen."""
    act = desk.slack.slash(desk.slack.people[0], "/facetag", "help")
    opened = desk.client.views_open(trigger_id=act.payload["trigger_id"], view=VIEW)
    return str(opened["view"]["id"])


@pytest.mark.rule("every-interaction-acknowledged")
def test_an_unknown_modal_can_be_used_submitted_and_closed(desk: Desk) -> None:
    anna = desk.slack.people[0]
    first = an_old_modal(desk)
    assert desk.slack.click(anna, first, "of_yesterday").acknowledged
    assert desk.slack.submit(anna, first, {"it": "x"}).acknowledged
    assert desk.slack.close_view(anna, an_old_modal(desk)).acknowledged
    assert desk.slack.views(anna) == []
    assert nothing_stored(desk)


@pytest.mark.rule("every-interaction-acknowledged")
def test_an_unknown_command_is_acknowledged_and_the_person_told(desk: Desk) -> None:
    anna = desk.slack.people[0]
    desk.slack.set_workspace(commands=["/facetag", "/faces"])
    assert desk.slack.slash(anna, "/faces", "hello").acknowledged
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.UNKNOWN_ACT)


@pytest.mark.rule("every-interaction-acknowledged")
def test_an_event_that_nobody_asked_for_is_acknowledged(desk: Desk) -> None:
    desk.slack.set_workspace(subscriptions=["message.channels"])
    desk.slack.say(desk.slack.people[0], "Hello everybody")

    def acknowledged() -> bool:
        return any(
            delivery.type == "events_api" and delivery.acknowledged for delivery in desk.slack.deliveries()
        )

    assert desk.slack.wait_for(acknowledged, "the event to be acknowledged")


ODD: dict[str, dict[str, Any]] = {
    "shortcut": {"type": "shortcut", "callback_id": "old", "trigger_id": "1.2.3"},
    "message_action": {"type": "message_action", "callback_id": "old", "trigger_id": "1.2.3", "message": {}},
    "block_suggestion": {"type": "block_suggestion", "action_id": "old", "block_id": "b", "value": "an"},
    "view_closed": {"type": "view_closed", "view": {"callback_id": "old", "type": "modal"}},
    "interactive_message": {
        "type": "interactive_message", "callback_id": "old", "actions": [{"name": "a", "type": "button"}],
    },
    "dialog_submission": {"type": "dialog_submission", "callback_id": "old", "submission": {}, "state": ""},
    "app_mention": {"type": "event_callback", "event": {"type": "app_mention", "text": "hi", "user": "U1"}},
    "bot_message": {
        "type": "event_callback", "event": {"type": "message", "subtype": "bot_message", "text": "hi"},
    },
}  # fmt: skip


@pytest.mark.rule("every-interaction-acknowledged")
@pytest.mark.parametrize("kind", ODD)
def test_whatever_else_slack_may_send_is_acknowledged(
    desk: Desk, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = desk.app.dispatch(BoltRequest(body={**WHO, **ODD[kind]}, mode="socket_mode"))
    assert answer.status == 200
    assert "bug" not in caplog.text


# --- What cannot be stored ---------------------------------------------------------------------------------


def fill(desk: Desk, queue: str) -> None:
    """Let the file of a queue be full, as on a full disk."""
    file = desk.world.queues[queue]._file  # type: ignore[attr-defined]  # of the disk queue
    file._putter.execute("PRAGMA max_page_count = 1")  # which is as much as it has now
    with suppress(Retry):
        for number in range(100):
            desk.world.queues[queue].put(f"filler {number}", "filler", {"text": "x" * 500})
    with pytest.raises(Retry, match="full"):
        desk.world.queues[queue].put("one too many", "filler", {"text": "x" * 500})


@pytest.mark.rule("answer-not-stored-is-told")
@pytest.mark.failure("answer-not-stored")
def test_a_full_disk_is_told_to_the_tagger_and_slack_is_acknowledged(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    fill(desk, "face-tagging")
    act = desk.slack.click(anna, ts_of(face), "not_a_face")
    assert (act.acknowledged, act.error) == (True, None)
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.NOT_STORED)
    assert not desk.stored
    assert words.NOT_STORED not in desk.slack.message(ts_of(face)).text


@pytest.mark.rule("answer-not-stored-is-told")
def test_a_full_disk_is_told_in_the_modal_which_keeps_what_was_typed(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    desk.slack.click(anna, ts_of(face), "someone_else")
    view = desk.slack.wait_for_view(anna)
    fill(desk, "face-tagging")
    act = desk.slack.submit(anna, view.id, {"name": "Zoë"})
    assert act.acknowledged
    [shown] = desk.slack.views(anna)
    assert shown.errors == {"name": words.NOT_STORED}
    assert shown.values["name"]["name"] == "Zoë"
    assert not desk.stored


def test_a_reopening_that_cannot_be_stored_is_told_too(desk: Desk) -> None:
    anna = desk.slack.people[0]
    button = {**BUTTON, "action_id": "wrong_person"}
    posted = desk.client.chat_postMessage(
        channel=desk.slack.channel,
        text="Tagged",
        blocks=[{"type": "actions", "block_id": f"face:{'0' * 36}:1", "elements": [button]}],
    )
    desk.world.queues["face-undo"].close()
    assert desk.slack.click(anna, str(posted["ts"]), "wrong_person").acknowledged
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.NOT_STORED)


@pytest.mark.failure("queue-locked", shows="who is told")
def test_a_queue_that_somebody_else_writes_to_for_long_still_leaves_time_to_acknowledge(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    file = desk.world.settings.data_dir / "queues" / "face-tagging.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        act = desk.slack.click(anna, ts_of(face), "not_a_face")
    assert (act.acknowledged, act.error) == (True, None)
    assert (act.latency_ms or 0.0) < 3000
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.NOT_STORED)
    again = desk.slack.click(anna, ts_of(face), "not_a_face")
    assert again.acknowledged
    assert len(desk.world.messages("face-tagging")) == 1


def test_a_status_that_cannot_be_told_is_acknowledged_and_said_so(desk: Desk) -> None:
    anna = desk.slack.people[0]
    desk.world.queues["face-tagging"].close()
    assert desk.slack.slash(anna, "/facetag", "status").acknowledged
    desk.slack.wait_for_ephemeral(anna)


@pytest.mark.rule("every-interaction-acknowledged")
def test_a_bug_in_a_handler_is_acknowledged_and_in_the_log_with_its_traceback(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    # A payload that Slack does not document: a click without a time.
    action = {"type": "button", "action_id": "not_a_face", "block_id": f"face:{'0' * 36}:1"}
    body = {**WHO, "type": "block_actions", "actions": [action], "container": {}}
    with connected_desk(world) as desk:
        assert desk.app.dispatch(BoltRequest(body=body, mode="socket_mode")).status == 200
    assert "bug in a handler" in caplog.text
    assert "KeyError: 'action_ts'" in caplog.text
    assert nothing_stored(desk)


# --- What fails once Slack is acknowledged ---------------------------------------------------------------


@pytest.mark.rule("acknowledged-whatever-follows")
@pytest.mark.failure("modal-cannot-open")
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"status": 429, "retry_after": 30}, words.BUSY),
        ({"error": "internal_error"}, words.NOT_DONE),
        ({"reset": True}, words.NOT_DONE),
    ],
)
def test_while_slack_opens_no_modal_each_click_is_acknowledged_and_the_person_told_what_to_do(
    desk: Desk, fault: dict[str, Any], told: str
) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    desk.slack.fail("views.open", times=None, **fault)
    for number in range(1, 5):
        act = desk.slack.click(anna, ts_of(face), "someone_else")
        assert (act.acknowledged, act.error) == (True, None)
        assert (act.latency_ms or 0.0) < 1000
        desk.slack.wait_for(lambda number=number: len(desk.slack.ephemerals(anna)) == number, "the reply")  # type: ignore[misc]  # a default
    assert [message.text for message in desk.slack.ephemerals(anna)] == [told] * 4
    desk.slack.heal()


@pytest.mark.rule("acknowledged-whatever-follows")
def test_a_reply_that_slack_does_not_take_leaves_the_click_acknowledged(world: World) -> None:
    anna, ben = world.slack.people[:2]
    button = {**BUTTON, "action_id": "wrong_person"}
    with connected_desk(world, admins=frozenset({ben})) as desk:
        posted = desk.client.chat_postMessage(
            channel=desk.slack.channel,
            text="Tagged",
            blocks=[{"type": "actions", "block_id": f"face:{'0' * 36}:1", "elements": [button]}],
        )
        desk.slack.fail("response_url", times=None, reset=True)
        act = desk.slack.click(anna, str(posted["ts"]), "wrong_person")
        assert (act.acknowledged, act.error) == (True, None)
        assert (act.latency_ms or 0.0) < 1000
    assert nothing_stored(desk)
