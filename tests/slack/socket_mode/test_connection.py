"""What may stand in a frame, and what becomes of an envelope."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import pytest
from websockets.sync.server import ServerConnection, serve

from tagbot.sandbox.faults import LINGER_ZERO
from tagbot.slack.socket_mode.connection import Connection
from tagbot.slack.socket_mode.connection_state import ConnectionTracker
from tagbot.slack.socket_mode.disconnect_reasons import RENEWED, SWITCHED_OFF, TOO_MANY, Disconnect

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
    link: ConnectionTracker
    taken: "SimpleQueue[dict[str, Any]]"
    unheard: list[str]


@pytest.fixture
def ends() -> Iterator[Ends]:
    link = ConnectionTracker()
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
    assert not ends.near.disconnect.done()


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
def test_a_farewell_says_why_and_the_connection_is_read_on(
    ends: Ends, reason: str, ending: Disconnect
) -> None:
    ends.far.send(f'{{"type": "disconnect", "reason": {reason}}}')
    assert ends.near.disconnect.result(timeout=5) == ending
    ends.far.send(CLICK)
    assert ends.taken.get(timeout=5) == json.loads(CLICK)
    assert ends.near.send("{}")
    assert ends.far.recv(timeout=5) == "{}"


def test_only_the_first_farewell_counts(ends: Ends) -> None:
    ends.far.send('{"type": "disconnect", "reason": "link_disabled"}')
    ends.far.send('{"type": "disconnect", "reason": "refresh_requested"}')
    ends.far.send(CLICK)
    ends.taken.get(timeout=5)
    assert ends.near.disconnect.result() == SWITCHED_OFF


def test_a_connection_counts_from_the_greeting_to_the_end(ends: Ends) -> None:
    ends.far.send(CLICK)
    ends.taken.get(timeout=5)
    assert ends.link.state.connections == 0
    ends.far.send(HELLO)
    ends.far.send(CLICK)
    ends.taken.get(timeout=5)
    assert ends.link.state.connections == 1
    ends.far.close()
    ends.near.disconnect.result(timeout=5)
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
        near = Connection(other.address, take, lambda *_: None, ConnectionTracker())
        other.sockets.get(timeout=5).send(CLICK)
        assert near.disconnect.result(timeout=5).reason == "the connection broke off"
        assert bugs.get(timeout=5).exc_type is ZeroDivisionError
        near.close()
