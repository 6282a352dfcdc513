"""A whole team that opens its Home while it answers: what clicks wait for, and how old a Home may be."""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.figures.click import percentile, waited
from bench.rounds import Scale, say
from bench.slack_beside import stand_in, too_many_calls
from bench.table import Comparison, Line, at_most, no_more_than, none_at_all
from tagbot.sandbox.driver import Slack
from tagbot.vocabulary import ActionId
from tests.scenario.flood import is_open
from tests.scenario.running_bot import running_bot

NOTE = """\
**Homes.** The whole bot with one request and a team of 200, of whom each clicks once, evenly, in ten
seconds; then each clicks once more, and each opens Home meanwhile. Beside the second clicks'
acknowledgements stand the first ones'. A Home is late by the time from its opening to the call that fills
it, and by that from the last click to the Home that says so; of all Homes, the latest. The stand-in has
Slack's faults and refusals, but not its rates, which allow 100 Homes a minute: at those the bot paces
itself, and members wait for their turn."""

TEAM = 200
SECONDS = 10.0
PATIENCE = 120.0
PUBLISH = "views.publish"


@dataclass(frozen=True, slots=True)
class Opened:
    """One round."""

    alone_ms: float
    beside_ms: float
    opened_s: float
    """From a Home's opening to its being filled, the longest."""
    answered_s: float
    """From the last click to the last Home that tells of its member's answer."""
    refused: float
    """Calls, for being too many."""


def measure(scale: Scale) -> Iterator[Line]:
    """Round by round, each with a bot of its own."""
    rounds = []
    for number in range(1, scale.rounds + 1):
        say(f"round {number}: homes")
        rounds.append(opened(scale.of(TEAM, TEAM // 4), scale.of(1, 4)))
    alone, nothing = "the same before", [0.0] * len(rounds)
    yield Comparison(
        "click acknowledged while a team opens Home, 99 %",
        [each.beside_ms for each in rounds],
        [each.alone_ms for each in rounds],
        alone,
        "ms",
        at_most(2),
    )
    for figure, late in (
        ("Home filled, the latest", [each.opened_s for each in rounds]),
        ("Home tells of the last click", [each.answered_s for each in rounds]),
    ):
        yield Comparison(figure, late, nothing, "at once", "s", no_more_than(5, "s"))
    yield Comparison(
        "429s meanwhile", [each.refused for each in rounds], nothing, "allowed", "", none_at_all()
    )


def opened(members: int, hurry: int) -> Opened:
    """So many members, who do it so many times as fast as the note says."""
    pace = SECONDS / members / hurry
    with tempfile.TemporaryDirectory() as folder, stand_in(file_ready_seconds=0.0, rate_limits=0.0) as slack:
        team = [slack.set_member(f"U0TEAM{number:04}").id for number in range(members)]
        slack.set_channel(members=[*slack.people, slack.bot_user, *team])
        # Nobody's answer closes the request.
        never = str(2 * members)
        with running_bot(Path(folder), slack, REQUIRED_VOTES=never, UNKNOWN_AFTER=never) as bot:
            bot.put_portrait()
            request = slack.wait_for_message(is_open, timeout=PATIENCE).ts
            alone = clicked(slack, team, request, ActionId.DONT_KNOW, pace)
            with ThreadPoolExecutor(1) as pool:
                beside = pool.submit(clicked, slack, team, request, ActionId.NOT_A_FACE, pace)
                opened_at = homes_opened(slack, team, pace)
                latencies = beside.result()
            last_click = time.monotonic()
            slack.wait_for(lambda: told(slack, "You said: Not a face") == members, "all Homes", PATIENCE)
            answered = time.monotonic() - last_click
            return Opened(
                alone_ms=percentile(alone),
                beside_ms=percentile(latencies),
                opened_s=max(filled_after(slack, opened_at)),
                answered_s=answered,
                refused=float(too_many_calls(slack)),
            )


def clicked(slack: Slack, team: Sequence[str], request: str, action: str, pace: float) -> list[float]:
    """Each clicks once, one after the other; the milliseconds until each acknowledgement."""

    def click(number: int) -> float:
        time.sleep(max(0.0, started + number * pace - time.monotonic()))
        return waited(slack.click(team[number], request, action).latency_ms)

    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(click, range(len(team))))


def homes_opened(slack: Slack, team: Sequence[str], pace: float) -> dict[str, float]:
    """Each opens Home, one after the other; when each did, by the clock of the stand-in's calls."""
    started, at = time.monotonic(), {}
    for number, member in enumerate(team):
        time.sleep(max(0.0, started + number * pace - time.monotonic()))
        at[member] = time.monotonic()
        slack.open_home(member)
    return at


def filled_after(slack: Slack, opened_at: dict[str, float]) -> Iterator[float]:
    """The seconds from each opening to the first call after it that filled this Home."""
    calls = [(call.args["user_id"], call.at) for call in slack.calls(PUBLISH)]
    for member, since in opened_at.items():
        yield min(at for of, at in calls if of == member and at >= since) - since


def told(slack: Slack, words: str) -> int:
    """How many Homes say this."""
    homes = slack.state()["workspace"]["homes"]
    return sum(words in json.dumps(home["content"]) for home in homes.values())
