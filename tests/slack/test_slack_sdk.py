"""What Bolt and Slack's SDK do otherwise than people in Slack need, and `tagbot/slack` and
`tagbot/handlers/fallbacks.py` make up for.

Each test passes as long as it is so. One that fails after an upgrade says what can go.
"""

import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from tagbot.sandbox.driver import Slack, running_slack
from tests.slack.bolts_client import close
from tests.slack.clicking import button

pytestmark = pytest.mark.process

SILENT_MS = 1000.0
"""Of one click; Slack's own client is silent for up to three seconds, ours for no longer than a handler."""


@pytest.fixture(name="slack")
def _slack() -> Iterator[Slack]:
    # Slack leaves ten seconds between telling that a connection will end and ending it.
    with running_slack(rate_limits=0, warning_seconds=0.0, grace_seconds=10.0) as slack:
        yield slack


def app_on(slack: Slack) -> App:
    return App(client=WebClient(slack.bot_token, base_url=slack.api_url))


@pytest.mark.ci
@pytest.mark.rule("upstream-pinned")
def test_slacks_own_client_keeps_people_waiting_while_a_connection_is_renewed(slack: Slack) -> None:
    app, held, release = app_on(slack), threading.Event(), threading.Event()

    @app.action("press")
    def press(ack: Ack) -> None:
        held.set()
        release.wait(10)
        ack()

    handler = SocketModeHandler(app, slack.app_token)
    handler.connect()  # type: ignore[no-untyped-call]  # Bolt's
    try:
        [connection] = slack.wait_for_connections()
        act = slack.click(slack.people[0], button(slack), "press", wait=False)
        assert held.wait(10)
        slack.disconnect("refresh_requested", connection["id"])
        slack.wait_for(lambda: len(slack.connections()) == 2, "the new connection")
        time.sleep(0.1)  # not a wait for something: the click is answered while the old connection is closed
        release.set()
        released = time.monotonic()
        slack.finished(act)
        silent = (time.monotonic() - released) * 1000
    finally:
        close(handler)
    assert silent > SILENT_MS, (
        "Slack's own client answers while it renews a connection: measure it (`make measure`); if it does as "
        "well as ours in every case, `SocketMode` and `Connection` may go"
    )


def test_bolts_own_threads_are_five(slack: Slack) -> None:
    app, held, release = app_on(slack), threading.Semaphore(0), threading.Event()

    def hold() -> None:
        held.release()
        release.wait(10)

    executor = app.listener_runner.listener_executor
    for _ in range(6):
        executor.submit(hold)
    try:
        assert all(held.acquire(timeout=5) for _ in range(5))
        assert not held.acquire(timeout=0.1), (
            "Bolt runs more than five handlers at a time: see whether `LISTENERS` still has to be said"
        )
    finally:
        release.set()


def action(slack: Slack) -> BoltRequest:
    """A click, as it comes to Bolt."""
    who = {"team": {"id": "T0FACETAG"}, "user": {"id": slack.people[0]}, "api_app_id": "A0FACETAG"}
    body = {"type": "block_actions", "actions": [{"type": "button", "action_id": "it", "block_id": "b"}]}
    return BoltRequest(body=who | body | {"token": "x"}, mode="socket_mode")


def failing(slack: Slack) -> App:
    """An app whose handler fails before it acknowledges."""
    app = app_on(slack)

    @app.action("it")
    def fails() -> None:
        raise ZeroDivisionError

    return app


@pytest.mark.rule("upstream-pinned")
def test_a_click_that_a_handler_fails_at_is_not_acknowledged(slack: Slack) -> None:
    answer = failing(slack).dispatch(action(slack))
    assert answer.status == 500, (
        "Bolt acknowledges what a handler fails at: `_acknowledge` in tagbot/handlers/fallbacks.py may go"
    )


def test_neither_is_it_by_the_ack_of_who_deals_with_the_failure(slack: Slack) -> None:
    app = failing(slack)

    @app.error
    def failed(ack: Ack) -> None:
        ack()

    assert app.dispatch(action(slack)).status == 500, (
        "Bolt heeds an ack() in an error handler: `_acknowledge` need not fill in the response any more"
    )


@pytest.mark.rule("upstream-pinned")
def test_an_acknowledgement_is_forgotten_when_the_handler_fails_right_after_it(slack: Slack) -> None:
    app, asked_next = app_on(slack), threading.Event()

    @app.action("it")
    def acknowledges_and_fails(ack: Ack) -> None:
        time.sleep(0.003)  # past Bolt's first look; the next one is 10 ms after that
        ack()
        raise ZeroDivisionError

    @app.action(re.compile(".*"))
    def next_that_fits(ack: Ack) -> None:
        ack()
        asked_next.set()

    @app.error
    def failed() -> None:
        pass  # Bolt's own takes its time for the log

    for listener in app._listeners:
        listener.ack_timeout = 1  # second, for Slack's three
    for _ in range(10):  # on a busy machine a look may fall between the two
        if not asked_next.is_set():
            assert app.dispatch(action(slack)).status == 200
    assert asked_next.is_set(), "Bolt heeds an ack() although the handler fails at once: `LastingAck` may go"


def test_a_click_that_no_handler_knows_is_not_acknowledged(slack: Slack) -> None:
    assert app_on(slack).dispatch(action(slack)).status == 404, (
        "Bolt acknowledges what no handler knows: `unknown_action` and `unknown_other` need not"
    )


def test_the_sdk_repeats_a_post_whose_answer_was_lost(slack: Slack) -> None:
    slack.fail("chat.postMessage", reset=True, effect=True)
    arguments: dict[str, Any] = {"channel": slack.channel, "text": "Once"}
    try:
        WebClient(slack.bot_token, base_url=slack.api_url).chat_postMessage(**arguments)
    except (SlackClientError, OSError):
        pytest.fail("the SDK does not repeat calls by itself: `retry_handlers=[]` in `SlackApi` may go")
    assert [message.text for message in slack.messages()] == ["Once", "Once"]
