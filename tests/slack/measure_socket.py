"""`python -m tests.slack.measure_socket`: Slack's own client, and ours with one and with two connections,
while people click and connections end in every way.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from tagbot.sandbox.client import Slack, running_slack
from tagbot.slack.socket import SocketMode
from tests.slack.clicking import Clicks, button, clicking, register

TIMES = {"refresh_requested": 50, "warning": 10, "close": 10, "reset": 10, "half_open": 2}
"""How often connections end in which way; each time one of them."""

PAUSE = {"half_open": 12.0}
"""Seconds between two ends, for the connection to come back; half a second for most."""


@contextmanager
def stock(slack: Slack) -> Iterator[None]:
    """Slack's own client, as it comes with Bolt."""
    app = App(client=WebClient(slack.bot_token, base_url=slack.api_url))
    register(app)
    handler = SocketModeHandler(app, slack.app_token)
    handler.connect()  # type: ignore[no-untyped-call]  # Bolt's
    yield
    handler.close()  # type: ignore[no-untyped-call]  # Bolt's


def ours(connections: int) -> Callable[[Slack], "Iterator[None]"]:
    """Our own, with so many connections."""

    def connected(slack: Slack) -> Iterator[None]:
        client = WebClient(slack.bot_token, base_url=slack.api_url)
        socket = SocketMode(
            client, slack.app_token, register, connections=connections, openings_per_second=100
        )
        socket.connect(threading.Event())
        slack.wait_for_connections(connections)
        yield
        socket.close()

    return connected


CLIENTS = {
    "Slack's client": stock,
    "one connection": contextmanager(ours(1)),
    "two connections": contextmanager(ours(2)),
}


def measured(slack: Slack, kind: str, times: int) -> Clicks:
    """End one connection so many times while people click."""
    ts = button(slack)
    with clicking(slack, ts) as clicks:
        for _ in range(times):
            here = [each["id"] for each in slack.connections() if not each["leaving"] and not each["silent"]]
            if here:
                slack.disconnect(kind, here[0])
            time.sleep(PAUSE.get(kind, 0.5))
    return clicks


def main() -> None:
    """Print a line for each way to end and each client."""
    logging.disable()  # all that Slack's client has to say about it
    for kind, times in TIMES.items():
        print(f"{kind}, {times} times")  # noqa: T201 - what the command is for
        for name, connected in CLIENTS.items():
            rules = {"warning_seconds": 0.2, "grace_seconds": 0.2, "rate_limits": 0}
            with running_slack(**rules) as slack, connected(slack):
                slack.wait_for_connections()
                print(f"  {name:16}", measured(slack, kind, times).in_words(), flush=True)  # noqa: T201 - as above


if __name__ == "__main__":
    main()
