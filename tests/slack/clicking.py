"""People who click without a pause, and what became of their clicks."""

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from slack_bolt import Ack, App
from slack_sdk import WebClient

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.socket_server import Delivery

LATE_MS = 3000.0
"""Slack then tells the person that it did not work."""

WORK_SECONDS = 0.02
"""What a handler takes to put an answer on the disk."""


def register(app: App) -> None:
    """A handler as the bot's: some work, and only then the acknowledgement."""

    @app.action("press")
    def press(ack: Ack) -> None:
        time.sleep(WORK_SECONDS)
        ack()


def button(slack: Slack) -> str:
    """Post a message with a button; its ts."""
    element = {"type": "button", "action_id": "press", "text": {"type": "plain_text", "text": "Press"}}
    client = WebClient(slack.bot_token, base_url=slack.api_url)
    posted = client.chat_postMessage(
        channel=slack.channel, text="Press", blocks=[{"type": "actions", "elements": [element]}]
    )
    return str(posted["ts"])


@dataclass
class Clicks:
    """What became of some clicks."""

    deliveries: list[Delivery] = field(default_factory=list)

    @property
    def lost(self) -> list[Delivery]:
        """Those about which a person was told that it did not work."""
        return [each for each in self.deliveries if not each.acknowledged]

    @property
    def latencies(self) -> list[float]:
        """Milliseconds until the acknowledgement, shortest first; of those that got one."""
        return sorted(each.latency_ms for each in self.deliveries if each.latency_ms is not None)

    def percentile(self, percent: float) -> float:
        """The latency that so many per cent of the acknowledged do not exceed."""
        if not self.latencies:
            return math.nan
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))]

    def in_words(self) -> str:
        """For a report."""
        return (
            f"{len(self.deliveries):5} clicks, {len(self.lost):4} lost, acknowledged in "
            f"{self.percentile(50):5.0f} ms (median), {self.percentile(99):5.0f} ms (99 %), "
            f"{self.percentile(100):5.0f} ms (worst)"
        )


@contextmanager
def clicking(slack: Slack, ts: str, *, per_second: float = 50) -> Iterator[Clicks]:
    """Have people click, in a thread, until the end of the block; the clicks are complete after it."""
    before, stop, clicks = len(slack.deliveries()), threading.Event(), Clicks()

    def click() -> None:
        while not stop.wait(1 / per_second):
            slack.click(slack.people[0], ts, "press", wait=False)

    thread = threading.Thread(target=click)
    thread.start()
    try:
        yield clicks
    finally:
        stop.set()
        thread.join()
        clicks.deliveries = slack.wait_for(lambda: _settled(slack, before), "every click to be settled")


def _settled(slack: Slack, before: int) -> list[Delivery] | None:
    """The new clicks, once each has its acknowledgement or its error."""
    new = slack.deliveries()[before:]
    return new if new and all(each.acknowledged or each.error for each in new) else None
