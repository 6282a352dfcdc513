"""What may stand in a frame, and what becomes of an envelope."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient
from websockets.sync.server import ServerConnection, serve

from tagbot.handlers import fallbacks
from tagbot.sandbox.driver import Slack
from tagbot.sandbox.faults import LINGER_ZERO
from tagbot.slack.socket_mode.connection import Connection
from tagbot.slack.socket_mode.disconnects import RENEWED, SWITCHED_OFF, TOO_MANY, Ending
from tagbot.slack.socket_mode.envelopes import Envelopes
from tagbot.slack.socket_mode.link_state import Link
from tests.world import World

HELLO = '{"type": "hello"}'
CLICK = '{"envelope_id": "1", "type": "interactive", "payload": {}}'


@dataclass
class Other:
    """The other side of a connection, which says whatever a test wants it to."""

    address: str
    sockets: SimpleQueue[ServerConnection] = field(default_factory=SimpleQueue)


@contextmanager
def other_side() -> Iterator[Other]:
    over = threading.Event()
    other = Other("")

    def talk(socket: ServerConnection) -> None:
        other.sockets.put(socket)
        over.wait(10)

    with serve(talk, "127.0.0.1", 0) as server:
        other.address = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/link"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield other
        over.set()
        server.shutdown()
        thread.join()


@dataclass
class Ends:
    """Both ends of a connection, the envelopes that came out of it, and what it gave back."""

    near: Connection
    far: ServerConnection
    link: Link
    taken: "SimpleQueue[dict[str, Any]]"
    unheard: list[str]


@pytest.fixture
def ends() -> Iterator[Ends]:
    link = Link()
    taken: SimpleQueue[dict[str, Any]] = SimpleQueue()
    unheard: list[str] = []
    with other_side() as other:
        near = Connection(
            other.address, lambda _, frame: taken.put(frame), lambda _, text: unheard.append(text), link
        )
        yield Ends(near, other.sockets.get(timeout=5), link, taken, unheard)
        near.close()


@pytest.mark.parametrize(
    "frame", ["", "no json", "[]", "null", "{}", b"\x00\xff", '{"type": "of tomorrow"}', '{"type": 7}']
)
def test_a_frame_that_nobody_knows_is_passed_over(ends: Ends, frame: str | bytes) -> None:
    ends.far.send(frame)
    ends.far.send(CLICK)
    assert ends.taken.get(timeout=5) == json.loads(CLICK)
    assert ends.taken.empty()
    assert not ends.near.ending.done()


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ('"warning"', RENEWED),
        ('"refresh_requested"', RENEWED),
        ('"of tomorrow"', RENEWED),
        ("null", RENEWED),
        ('"link_disabled"', SWITCHED_OFF),
        ('"too_many_websockets"', TOO_MANY),
    ],
)
def test_a_farewell_says_why_and_the_connection_is_read_on(ends: Ends, reason: str, ending: Ending) -> None:
    ends.far.send(f'{{"type": "disconnect", "reason": {reason}}}')
    assert ends.near.ending.result(timeout=5) == ending
    ends.far.send(CLICK)
    assert ends.taken.get(timeout=5) == json.loads(CLICK)
    assert ends.near.send("{}")
    assert ends.far.recv(timeout=5) == "{}"


def test_only_the_first_farewell_counts(ends: Ends) -> None:
    ends.far.send('{"type": "disconnect", "reason": "link_disabled"}')
    ends.far.send('{"type": "disconnect", "reason": "refresh_requested"}')
    ends.far.send(CLICK)
    ends.taken.get(timeout=5)
    assert ends.near.ending.result() == SWITCHED_OFF


def test_a_connection_counts_from_the_greeting_to_the_end(ends: Ends) -> None:
    ends.far.send(CLICK)
    ends.taken.get(timeout=5)
    assert ends.link.state.connections == 0
    ends.far.send(HELLO)
    ends.far.send(CLICK)
    ends.taken.get(timeout=5)
    assert ends.link.state.connections == 1
    ends.far.close()
    ends.near.ending.result(timeout=5)
    ends.near.close()
    assert ends.near.is_over
    assert not ends.near.send("{}")


def test_what_was_heard_is_not_given_back_at_the_end(ends: Ends) -> None:
    assert ends.near.send("{}")
    ends.near.close()
    assert ends.far.recv(timeout=5) == "{}"
    assert ends.unheard == []


@pytest.mark.parametrize("how", ["close", "reset"])
def test_what_crosses_the_end_of_a_connection_is_given_back(ends: Ends, how: str) -> None:
    with ends.far.protocol_mutex:  # the other side reads nothing more
        assert ends.near.send("{}")
        if how == "reset":
            ends.far.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
            ends.far.socket.close()
        else:
            ends.far.protocol.send_close(1000)
            ends.far.socket.sendall(b"".join(ends.far.protocol.data_to_send()))
    ends.near.close()
    assert ends.unheard == ["{}"]


def test_a_connection_whose_envelope_meets_a_bug_ends_and_gets_a_successor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bugs: SimpleQueue[threading.ExceptHookArgs] = SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", bugs.put)

    def take(_: Connection, __: dict[str, Any]) -> None:
        raise ZeroDivisionError

    with other_side() as other:
        near = Connection(other.address, take, lambda *_: None, Link())
        other.sockets.get(timeout=5).send(CLICK)
        assert near.ending.result(timeout=5).reason == "the connection broke off"
        assert bugs.get(timeout=5).exc_type is ZeroDivisionError
        near.close()


# --- Envelopes ---------------------------------------------------------------------------------------------


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
