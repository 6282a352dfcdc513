"""Posts to the channel while many faces wait: how much of the pace that Slack allows is used."""

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.rounds import Scale, say
from bench.slack_beside import stand_in, too_many_calls
from bench.table import Comparison, Line, at_least, none_at_all
from tests.scenario.flood import photos
from tests.scenario.running_bot import running_bot

NOTE = """\
**Posts.** The whole bot with a long queue and the stand-in with Slack's limits, for longer than the minute
that most of them count; each request brings two uploaded pictures, which are ready after 0.2 s. The rate
from the first post to the last. Slack allows a post a second in a channel, but 100 uploads a minute, and
so 50 requests with two pictures; the bot aims at 0.97 of either, as two calls may meet on the way.
`make bench-quick` has both the stand-in and the bot run at four times this pace."""

REQUESTS_PER_SECOND = 100 / 60 / 2
"""Slack allows 100 uploads a minute, and a request has two pictures."""

POST = "chat.postMessage"


def measure(scale: Scale) -> Iterator[Line]:
    """The rate, and how often Slack said that it was too fast."""
    say(f"{scale.rounds} rounds at once: posts")
    pace, requests = scale.of(1, 4), scale.of(70, 56)
    with ThreadPoolExecutor(scale.rounds) as threads:  # they wait for the clock, not for the machine
        rounds = list(threads.map(posted, [pace] * scale.rounds, [requests] * scale.rounds))
    what = "what Slack allows" if pace == 1 else f"{pace} times what Slack allows"
    allowed = [REQUESTS_PER_SECOND * pace] * scale.rounds
    yield Comparison(
        "posts with a long queue", [rate for rate, _ in rounds], allowed, what, "/s", at_least(0.95)
    )
    yield Comparison(
        "429s meanwhile", [refused for _, refused in rounds], [0.0] * scale.rounds, what, "", none_at_all()
    )


def posted(pace: int, requests: int) -> tuple[float, float]:
    """So many times as fast as Slack allows: posts a second, and the calls refused for being too many."""
    with tempfile.TemporaryDirectory() as name, stand_in(rate_limits=float(pace)) as slack:
        folder = Path(name)
        (folder / "photos").mkdir()
        photos(folder / "photos", requests)
        variables = {"SLACK_POSTS_PER_SECOND": str(pace), "MAX_OPEN_REQUESTS": str(requests)}
        with running_bot(folder / "data", slack, **variables) as bot:
            bot.command("add", str(folder / "photos"))
            slack.wait_for(lambda: len(slack.messages()) >= requests, "the posts", timeout=30 + 2 * requests)
            times = sorted(call.at for call in slack.calls(POST))
            too_many = too_many_calls(slack)
    return (len(times) - 1) / (times[-1] - times[0]), float(too_many)
