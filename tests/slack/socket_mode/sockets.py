"""Connections to the stand-in, as the tests of Socket Mode open and watch them."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from slack_bolt import Ack, App

from tagbot.sandbox.driver import Slack
from tagbot.slack.api import SlackApi
from tagbot.slack.socket_mode.connection_state import ConnectionState
from tagbot.slack.socket_mode.supervisor import CONNECTIONS, OPEN, SocketMode
from tests.slack import clicking

BACK_SECONDS = 10.0
"""Within so long people have to be answered again once the cause is gone."""


impatient = pytest.mark.usefixtures("_impatient")


def socket_mode(
    slack: Slack,
    register: Callable[[App], None] = clicking.register,
    *,
    connections: int = CONNECTIONS,
    openings_per_second: float = 100,
) -> SocketMode:
    api = SlackApi(slack.bot_token, slack.api_url, 5)
    return SocketMode(
        api,
        slack.app_token,
        register,
        connections=connections,
        openings_per_second=openings_per_second,
    )


@contextmanager
def connected(
    slack: Slack,
    register: Callable[[App], None] = clicking.register,
    *,
    connections: int = CONNECTIONS,
    openings_per_second: float = 100,
) -> Iterator[SocketMode]:
    socket = socket_mode(slack, register, connections=connections, openings_per_second=openings_per_second)
    socket.connect(threading.Event())
    try:
        state_that(socket, lambda state: state.connections == connections)
        yield socket
    finally:
        socket.close()


def held_up(taken: threading.Event, go_on: threading.Event) -> Callable[[App], None]:
    """A handler that says when it began, and acknowledges when it is told to."""

    def register(app: App) -> None:
        @app.action("press")
        def press(ack: Ack) -> None:
            taken.set()
            go_on.wait(5)
            ack()

    return register


def newest(slack: Slack) -> int:
    return max((int(each["id"]) for each in slack.connections()), default=0)


def wait_for_newer(slack: Slack, than: int, count: int = 1) -> None:
    """Until there are so many connections that were not there before."""
    slack.wait_for(lambda: sum(each["id"] > than for each in slack.connections()) >= count, "new connections")


def is_answered(slack: Slack, ts: str) -> bool:
    return slack.click(slack.people[0], ts, "press").acknowledged


def until(condition: Callable[[], bool]) -> None:
    """For what is no event of the stand-in's."""
    end = time.monotonic() + BACK_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def state_that(socket: SocketMode, fits: Callable[[ConnectionState], bool]) -> ConnectionState:
    """What the operator is told, once it is as wanted."""
    until(lambda: fits(socket.tracker.state))
    return socket.tracker.state


def openings(slack: Slack) -> int:
    return len(slack.calls(OPEN))
