"""Handlers that acknowledge and fail at once, of every kind: Slack hears in time, and from nobody else."""

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltRequest
from slack_sdk import WebClient

from tagbot.sandbox.driver import Slack
from tagbot.slack.socket_mode.lasting_ack import LastingAck, acknowledgements_last

WHO = {"team": {"id": "T0FACETAG"}, "user": {"id": "U0ANNA0001"}, "api_app_id": "A0FACETAG", "token": "x"}
ANY = re.compile(".*")

KINDS: dict[str, tuple[Callable[[App], Any], dict[str, Any]]] = {
    "action": (
        lambda app: app.action(ANY),
        {"type": "block_actions", "actions": [{"type": "button", "action_id": "it", "block_id": "b"}]},
    ),
    "view": (
        lambda app: app.view(ANY),
        {"type": "view_submission", "view": {"callback_id": "it", "type": "modal"}},
    ),
    "view_closed": (
        lambda app: app.view_closed(ANY),
        {"type": "view_closed", "view": {"callback_id": "it", "type": "modal"}},
    ),
    "command": (lambda app: app.command(ANY), {"command": "/it", "text": ""}),
    "shortcut": (lambda app: app.shortcut(ANY), {"type": "shortcut", "callback_id": "it"}),
    "message shortcut": (
        lambda app: app.shortcut(ANY),
        {"type": "message_action", "callback_id": "it", "message": {}},
    ),
    "options": (
        lambda app: app.options(ANY),
        {"type": "block_suggestion", "action_id": "it", "block_id": "b", "value": ""},
    ),
}


@pytest.mark.rule("acknowledged-whatever-follows")
@pytest.mark.parametrize("kind", KINDS)
def test_what_was_acknowledged_stays_so_when_the_handler_fails_at_once(stand_in: Slack, kind: str) -> None:
    register, body = KINDS[kind]
    app = App(client=WebClient(stand_in.bot_token, base_url=stand_in.api_url))
    app.use(acknowledgements_last)
    errors: list[Exception] = []
    heard, asked_next = threading.Event(), threading.Event()

    @app.error
    def failed(error: Exception) -> None:
        errors.append(error)
        heard.set()

    def fails(ack: Ack) -> None:
        time.sleep(0.003)  # past Bolt's first look; the next one is 10 ms after that
        ack()
        raise ZeroDivisionError

    def next_that_fits(ack: Ack) -> None:
        asked_next.set()
        ack()

    register(app)(fails)
    register(app)(next_that_fits)
    started = time.monotonic()
    assert app.dispatch(BoltRequest(body={**WHO, **body}, mode="socket_mode")).status == 200
    assert time.monotonic() - started < 1.0
    assert heard.wait(5)
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert not asked_next.is_set()


def test_an_answer_can_be_replaced_but_not_taken_back() -> None:
    ack = LastingAck()  # type: ignore[no-untyped-call]  # Bolt's
    answer = ack()
    ack.response = None
    assert vars(ack)["response"] is answer
    answer = ack(response_action="clear")
    ack.response = None
    assert vars(ack)["response"] is answer
