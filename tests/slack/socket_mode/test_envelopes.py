"""Envelopes: each is acknowledged once, whatever stands in it."""

import json
import logging
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient

from tagbot.handlers import fallbacks
from tagbot.sandbox.driver import Slack
from tagbot.slack.socket_mode.envelopes import Envelopes
from tests.world import World


@pytest.fixture
def app(stand_in: Slack) -> App:
    return App(client=WebClient(stand_in.bot_token, base_url=stand_in.api_url))


def answers(app: App, *frames: dict[str, Any]) -> list[dict[str, Any]]:
    """What goes back for some envelopes."""
    told: list[dict[str, Any]] = []
    envelopes = Envelopes(app)
    for frame in frames:
        envelopes.take(frame, lambda text: told.append(json.loads(text)))
    envelopes.close()
    return told


def envelope(number: int, action: str = "press") -> dict[str, Any]:
    return {
        "envelope_id": str(number),
        "type": "interactive",
        "payload": {
            "type": "block_actions",
            "user": {"id": "U1"},
            "actions": [{"type": "button", "action_id": action, "block_id": "b"}],
        },
    }


def test_each_envelope_is_answered_by_its_own_id(app: App) -> None:
    @app.action("press")
    def press(ack: Ack) -> None:
        ack()

    told = answers(app, *map(envelope, range(5)))
    assert sorted(answer["envelope_id"] for answer in told) == ["0", "1", "2", "3", "4"]


def test_an_envelope_after_the_end_is_logged(app: App, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    envelopes = Envelopes(app)
    envelopes.close()
    envelopes.take(envelope(1), told.append)
    assert told == []
    assert "after the end" in caplog.text


def test_what_a_handler_says_travels_with_its_acknowledgement(app: App) -> None:
    @app.view("modal")
    def modal(ack: Ack) -> None:
        ack(response_action="errors", errors={"name": "Please write a name."})

    view = {"type": "modal", "callback_id": "modal"}
    payload = {"type": "view_submission", "user": {"id": "U1"}, "view": view}
    frame = {"envelope_id": "1", "type": "interactive", "payload": payload}
    [told] = answers(app, frame)
    assert told["payload"] == {"response_action": "errors", "errors": {"name": "Please write a name."}}


@pytest.mark.rule("every-interaction-acknowledged")
def test_an_envelope_of_a_kind_that_bolt_does_not_know_is_acknowledged_and_logged(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    payload = {"type": "of_tomorrow", "user": {"id": "U1"}}
    new = {"envelope_id": "1", "type": "interactive", "payload": payload}
    assert answers(app, new, envelope(2, "of_yesterday")) == [{"envelope_id": "1"}, {"envelope_id": "2"}]
    assert caplog.text.count("Bolt could not deal with an envelope: status 404") == 2


@pytest.mark.rule("every-interaction-acknowledged")
def test_an_envelope_that_bolt_fails_at_is_acknowledged_and_logged(
    app: App, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    fallbacks.register(app, world.services)
    odd = envelope(1)
    odd["payload"]["actions"] = []
    assert answers(app, odd) == [{"envelope_id": "1"}]
    assert "bug while working on an envelope" in caplog.text


@pytest.mark.parametrize("payload", [None, 7, []])
def test_an_envelope_that_cannot_be_read_harms_no_other(
    app: App, payload: object, caplog: pytest.LogCaptureFixture
) -> None:
    @app.action("press")
    def press(ack: Ack) -> None:
        ack()

    bad = {"envelope_id": "0", "type": "interactive", "payload": payload}
    told = answers(app, bad, {"envelope_id": "0", "type": "interactive"}, envelope(1))
    assert [answer["envelope_id"] for answer in told] == ["1"]
    assert {record.levelno for record in caplog.records} <= {logging.WARNING, logging.ERROR}
    assert len([record for record in caplog.records if record.name.startswith("tagbot")]) == 2
