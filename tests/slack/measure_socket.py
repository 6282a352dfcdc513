"""`make measure`: what people notice of the connection to Slack.

Slack's own client, and ours with one and with two connections, while people click and connections end in
every way; then how soon ours are back after Slack was away, and how the whole bot takes two hundred clicks in
five seconds. Each figure of ours stands beside its goal. Takes about twelve minutes.
"""

import logging
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from websockets.sync.client import connect

from tagbot.sandbox.driver import Slack, running_slack
from tagbot.slack.api import TIMEOUT_SECONDS, SlackApi
from tagbot.slack.socket_mode.supervisor import OPEN, SocketMode
from tests.scenario.running_bot import quiet, running_bot
from tests.slack.clicking import LATE_MS, Clicks, button, clicking, register
from tests.world import astronaut

BACK_SECONDS = 10.0
"""How soon people have to be answered again, once the cause is gone."""

PATIENT_SECONDS = 60.0
"""The same, where somebody has to mend a setting at Slack."""


@dataclass(frozen=True)
class Figure:
    """Something measured, beside its goal."""

    name: str
    measured: str
    goal: str
    reached: bool

    def __str__(self) -> str:
        return f"{self.name}: {self.measured} (goal: {self.goal}; reached: {'yes' if self.reached else 'no'})"


@dataclass(frozen=True)
class Case:
    """Connections that end in one way, so often, one at a time."""

    kind: str
    times: int
    pause: float = 0.5
    """Seconds between two ends, for the connection to come back."""
    clicks_per_second: float = 50
    loses: bool = False
    """Whether what is on the wire at that moment cannot be saved by anybody."""


CASES = (
    Case("refresh_requested", 50),
    Case("refresh_requested", 10, pause=4.0, clicks_per_second=2),
    Case("warning", 10),
    Case("close", 10, loses=True),
    Case("reset", 10, loses=True),
    Case("half_open", 2, pause=12.0, loses=True),
)


AWAY_SECONDS = 61.0
"""How long Slack is away: just longer than two patient waits, so that the third one has to pass."""

AWAY: dict[str, tuple[str, dict[str, Any], float]] = {
    "unreachable": ("reset", {"reset": True}, BACK_SECONDS),
    "not answering": ("half_open", {"hang": AWAY_SECONDS}, BACK_SECONDS),
    "out of order": ("close", {"status": 503}, BACK_SECONDS),
    "Socket Mode off": ("link_disabled", {"error": "forbidden_team"}, PATIENT_SECONDS),
}
"""How it goes: how the connections end, what happens to those who ask for new ones, and how soon after it
people have to be answered.
"""


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
        api = SlackApi(slack.bot_token, slack.api_url, TIMEOUT_SECONDS)
        socket = SocketMode(api, slack.app_token, register, connections=connections, openings_per_second=100)
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
    return until_answered(slack, ts)


def until_answered(slack: Slack, ts: str) -> float:
    """Seconds from now to somebody's being answered."""
    started = time.monotonic()
    while not slack.click(slack.people[0], ts, "press").acknowledged:
        time.sleep(0.1)
    return time.monotonic() - started


def measure_ends() -> Iterator[Figure]:
    """Print a line for each way to end and each client; the figures of the one that the bot uses."""
    for case in CASES:
        print(f"{case.kind}, {case.times} times, {case.clicks_per_second:.0f} clicks a second")
        for name, connected in CLIENTS.items():
            with (
                running_slack(warning_seconds=0.2, grace_seconds=0.3, rate_limits=0) as slack,
                connected(slack),
            ):
                slack.wait_for_connections()
                clicks = measured(slack, case)
            print(f"  {name:16}", clicks.in_words(), flush=True)
        if not case.loses:
            late = len(clicks.lost) + sum(latency > LATE_MS for latency in clicks.latencies)
            yield Figure(
                f"{case.kind}, {case.times} times", f"{late} late acknowledgements", "0", reached=late == 0
            )


def measure_absences() -> Iterator[Figure]:
    """How soon people are answered after Slack was away."""
    for name, (kind, fault, goal) in AWAY.items():
        with running_slack(rate_limits=0) as slack, CLIENTS["two connections"](slack):
            yield soon(f"Slack {name} for {AWAY_SECONDS:.0f} s", back_after(slack, kind, fault), goal)


def measure_returns() -> Iterator[Figure]:
    """How soon people are answered after all connections ended at once, while Slack is there."""
    for kind in ("close", "reset", "half_open"):
        with running_slack(rate_limits=0) as slack, CLIENTS["two connections"](slack):
            ts = button(slack)
            slack.disconnect(kind)
            yield soon(f"all connections ended, {kind}", until_answered(slack, ts), BACK_SECONDS)


def measure_a_full_house() -> Figure:
    """How soon people are answered once Slack has room for a connection again."""
    with running_slack(rate_limits=0) as slack:
        ts = button(slack)
        api = SlackApi(slack.bot_token, slack.api_url, TIMEOUT_SECONDS)
        socket = SocketMode(api, slack.app_token, register)
        with ExitStack() as others:
            for _ in range(10):
                opened = WebClient(base_url=slack.api_url).apps_connections_open(app_token=slack.app_token)
                others.enter_context(connect(str(opened["url"])))
            slack.wait_for_connections(10)
            socket.connect(threading.Event())
            time.sleep(AWAY_SECONDS)
        seconds = until_answered(slack, ts)
        socket.close()
    return soon("all connections that Slack allows were taken", seconds, BACK_SECONDS)


def measure_a_rush() -> Iterator[Figure]:
    """Two hundred people click within five seconds on a request of the whole bot."""
    with tempfile.TemporaryDirectory() as folder, running_slack(rate_limits=0) as slack:
        crowd = [f"U0CROWD{number:03d}" for number in range(200)]
        for member in crowd:
            slack.set_member(member, name=member.lower(), real_name=f"Member {member[-3:]}")
        slack.set_channel(members=[*slack.people, *crowd, slack.bot_user])
        with running_bot(Path(folder), slack, REQUIRED_VOTES=str(len(crowd))) as bot:
            bot.put("portrait.png", astronaut())
            ts = slack.wait_for_message(timeout=60).ts
            started = time.monotonic()
            for number, member in enumerate(crowd):
                time.sleep(max(0.0, started + number * 5 / len(crowd) - time.monotonic()))
                slack.choose(member, ts, "tag_person", slack.people[0], wait=False)
            bot.wait_for_status(lambda status: quiet(status) and status["faces"]["tagged"] == 1)
            clicks = Clicks([each for each in slack.deliveries() if each.acknowledged or each.error])
            [line] = bot.export()
    print(f"200 clicks in 5 s: {clicks.in_words()}", flush=True)
    name, stored = "200 clicks in 5 s", sorted(vote["tagger"] for vote in line["votes"])
    ninety_nine, worst = clicks.percentile(99), clicks.percentile(100)
    yield Figure(name, f"{len(clicks.lost)} not acknowledged", "0", reached=not clicks.lost)
    yield Figure(name, f"99 % within {ninety_nine:.0f} ms", "under 500 ms", reached=ninety_nine < 500)
    yield Figure(name, f"worst {worst:.0f} ms", "under 2 s", reached=worst < 2000)
    yield Figure(name, f"{len(stored)} stored", "each once", reached=stored == crowd)


def soon(name: str, seconds: float, goal: float) -> Figure:
    """Seconds until people are answered, beside the most that it may be."""
    return Figure(name, f"answering after {seconds:.1f} s", f"within {goal:.0f} s", reached=seconds <= goal)


def main() -> int:
    """Print every figure; 1 when a goal is not reached."""
    logging.disable()  # all that Slack's client has to say about it
    figures = [
        *measure_a_rush(),
        *measure_returns(),
        measure_a_full_house(),
        *measure_absences(),
        *measure_ends(),
    ]
    print(*figures, sep="\n")
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
