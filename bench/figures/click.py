"""A click's acknowledgement, as Slack sees it."""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from slack_sdk import WebClient

from bench.rounds import Scale, interleaved
from bench.slack_beside import bare_bolt, stand_in
from bench.table import Comparison, Line, at_most
from tagbot.sandbox.driver import Slack
from tagbot.vocabulary import ActionId
from tests.scenario.flood import photos
from tests.scenario.running_bot import running_bot

NOTE = """\
**Click.** Five people choose somebody in five requests, evenly, for five seconds; the time from the
stand-in's sending a click to its getting the acknowledgement, at the 99th per cent. Ours: the whole bot
(`python bot.py`), which has the answer on the disk before it acknowledges, and stores votes and updates
requests meanwhile. Beside it a Bolt app of ten lines, with Slack's own Socket Mode client, that
acknowledges and does nothing."""

REQUESTS = 5
PER_SECOND = 40
PERCENT = 99


def measure(scale: Scale) -> Iterator[Line]:
    """Both apps on stand-ins of their own."""
    clicks = scale.of(200, 100)
    apps = {"ours": lambda: of_ours(clicks), "bare": lambda: of_bare_bolt(clicks)}
    results = interleaved(apps, scale.rounds)
    yield Comparison(
        f"click acknowledged, {PERCENT} %",
        results.of("ours"),
        results.of("bare"),
        "bare Bolt app",
        "ms",
        at_most(2),
    )


def of_ours(clicks: int) -> float:
    """Milliseconds."""
    with (
        tempfile.TemporaryDirectory() as folder,
        stand_in(file_ready_seconds=0.0) as slack,
        asking(Path(folder), slack) as requests,
    ):
        return percentile(latencies(slack, requests, clicks))


@contextmanager
def asking(folder: Path, slack: Slack) -> Iterator[list[str]]:
    """A running bot with open requests, on which people never agree; their messages' ids."""
    source = folder / "photos"
    source.mkdir()
    photos(source, REQUESTS)
    pace = {"SLACK_POSTS_PER_SECOND": "1", "REQUIRED_VOTES": str(len(slack.people) + 1)}
    with running_bot(folder / "data", slack, **pace) as bot:
        bot.command("add", str(source))
        yield slack.wait_for(
            lambda: found if len(found := [each.ts for each in slack.messages()]) == REQUESTS else None,
            "the requests",
            timeout=60,
        )


def of_bare_bolt(clicks: int) -> float:
    """Milliseconds."""
    with stand_in() as slack, bare_bolt(slack):
        return percentile(latencies(slack, [post_select(slack) for _ in range(3)], clicks))


def post_select(slack: Slack) -> str:
    """Post a message in which somebody can be chosen, as in a request; its id."""
    select = {"type": "users_select", "action_id": ActionId.TAG_PERSON}
    posted = WebClient(slack.bot_token, base_url=slack.api_url).chat_postMessage(
        channel=slack.channel,
        text="Who is it?",
        blocks=json.dumps([{"type": "actions", "elements": [select]}]),
    )
    return str(posted["ts"])


def latencies(slack: Slack, messages: Sequence[str], clicks: int) -> list[float]:
    """Have people click; the milliseconds until each acknowledgement."""
    before, started = len(slack.deliveries()), time.monotonic()
    for number in range(clicks):
        time.sleep(max(0.0, started + number / PER_SECOND - time.monotonic()))
        tagger, person = (slack.people[(number + step) % len(slack.people)] for step in (0, number % 3))
        slack.choose(tagger, messages[number % len(messages)], ActionId.TAG_PERSON, person, wait=False)
    settled = slack.wait_for(
        lambda: (
            new
            if len(new := [each for each in slack.deliveries()[before:] if each.acknowledged or each.error])
            >= clicks
            else None
        ),
        "every click to be settled",
    )
    return [waited(each.latency_ms) for each in settled]


def waited(latency_ms: float | None) -> float:
    """Milliseconds. A click that never was acknowledged has no latency; Slack gives up on it after three
    seconds.
    """
    return 3000.0 if latency_ms is None else latency_ms


def percentile(values: Sequence[float]) -> float:
    """The one that 99 in 100 do not exceed."""
    return sorted(values)[min(len(values) - 1, len(values) * PERCENT // 100)]
