"""`python -m tests.slack.measure_socket`: Slack's own client, and ours with one and with two connections,
while people click and connections end in every way; then how soon ours are back after Slack was away. Takes
about ten minutes.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from tagbot.sandbox.client import Slack, running_slack
from tagbot.slack.socket import OPEN, SocketMode
from tests.slack.clicking import Clicks, button, clicking, register


@dataclass(frozen=True)
class Case:
    """Connections that end in one way, so often, one at a time."""

    kind: str
    times: int
    pause: float = 0.5
    """Seconds between two ends, for the connection to come back."""
    clicks_per_second: float = 50


CASES = (
    Case("refresh_requested", 50),
    Case("refresh_requested", 10, pause=4.0, clicks_per_second=2),
    Case("warning", 10),
    Case("close", 10),
    Case("reset", 10),
    Case("half_open", 2, pause=12.0),
)


AWAY_SECONDS = 61.0
"""How long Slack is away: just longer than two patient waits, so that the third one has to pass."""

AWAY: dict[str, tuple[str, dict[str, Any]]] = {
    "unreachable": ("reset", {"reset": True}),
    "not answering": ("half_open", {"hang": AWAY_SECONDS}),
    "out of order": ("close", {"status": 503}),
    "Socket Mode off": ("link_disabled", {"error": "forbidden_team"}),
}
"""How it goes: how the connections end, and what happens to those who ask for new ones."""


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


def measured(slack: Slack, case: Case) -> Clicks:
    """End one connection after the other while people click."""
    with clicking(slack, button(slack), per_second=case.clicks_per_second) as clicks:
        for _ in range(case.times):
            here = [each["id"] for each in slack.connections() if not each["leaving"] and not each["silent"]]
            if here:
                slack.disconnect(case.kind, here[0])
            time.sleep(case.pause)
    return clicks


def back_after(slack: Slack, kind: str, fault: dict[str, Any]) -> float:
    """Seconds from Slack's being back to somebody's being answered."""
    ts = button(slack)
    slack.fail(OPEN, times=None, **fault)
    slack.disconnect(kind)
    time.sleep(AWAY_SECONDS)
    slack.heal()
    started = time.monotonic()
    while not slack.click(slack.people[0], ts, "press").acknowledged:
        time.sleep(0.1)
    return time.monotonic() - started


def measure_ends() -> None:
    """Print a line for each way to end and each client."""
    for case in CASES:
        print(f"{case.kind}, {case.times} times, {case.clicks_per_second:.0f} clicks a second")
        for name, connected in CLIENTS.items():
            with (
                running_slack(warning_seconds=0.2, grace_seconds=0.3, rate_limits=0) as slack,
                connected(slack),
            ):
                slack.wait_for_connections()
                print(f"  {name:16}", measured(slack, case).in_words(), flush=True)


def measure_absences() -> None:
    """Print a line for each way in which Slack may be away."""
    for name, (kind, fault) in AWAY.items():
        with running_slack(rate_limits=0) as slack, CLIENTS["two connections"](slack):
            seconds = back_after(slack, kind, fault)
        told = f"Slack {name} for {AWAY_SECONDS:.0f} s: answering {seconds:.1f} s after it is back"
        print(told, flush=True)


if __name__ == "__main__":
    logging.disable()  # all that Slack's client has to say about it
    measure_ends()
    measure_absences()
