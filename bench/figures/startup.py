"""What a bot takes that has just started: memory, and time until it answers its first click."""

import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from slack_sdk import WebClient

from bench.child import Missing
from bench.rounds import Scale, say
from bench.slack_beside import bare_bolt, stand_in
from bench.table import Comparison, Line, NotMeasured, at_most_more, none_at_all
from tagbot.sandbox.driver import Slack
from tagbot.vocabulary import ActionId
from tests.scenario.running_bot import running_bot

NOTE = """\
**Memory and start.** From the start of the process to the first click that it acknowledged, and what it
and its children then hold in memory: the proportional set size, where a page that several processes share
counts in parts. Ours is the whole bot with `TRAINING_BACKEND=local`; dlib and its models are in processes
of their own, which start with the first photo."""

POLL_SECONDS = 0.01

LOCAL_BACKEND = ("dlib", "onnxruntime")
"""What is in the names of its files."""


FIGURES = (
    ("start to the first acknowledged click", "s", at_most_more(1, "s")),
    ("memory after the start", "MB", at_most_more(60, "MB")),
    ("files of the local backend loaded by then", "", none_at_all()),
)


def measure(scale: Scale) -> Iterator[Line]:
    """Each in turn."""
    ours, bare, what = [], [], "bare Bolt app"
    for number in range(1, scale.rounds + 1):
        say(f"round {number}: start")
        ours.append(_started(_our_bot))
        bare.append(_started(bare_bolt))
    for (figure, unit, goal), of_ours, of_bare in zip(
        FIGURES, zip(*ours, strict=True), zip(*bare, strict=True), strict=True
    ):
        if None in of_ours:
            yield NotMeasured(figure, what, Missing("this system does not tell it in /proc"))
        else:
            yield Comparison(figure, of_ours, of_bare, what, unit, goal)


def _started(
    app: Callable[[Slack], AbstractContextManager[int]],
) -> tuple[float, float | None, float | None]:
    """Seconds, megabytes, and files of the local backend; the latter two where the system tells them."""
    with stand_in() as slack:
        ts = _post_button(slack)
        started = time.perf_counter()
        with app(slack) as pid:
            while not slack.click(slack.people[0], ts, ActionId.DONT_KNOW).acknowledged:
                time.sleep(POLL_SECONDS)
            seconds = time.perf_counter() - started
            family = list(_family(pid))
            if not _smaps(pid).exists():
                return seconds, None, None
            return seconds, sum(map(_megabytes, family)), float(sum(map(_files_of_local_backend, family)))


@contextmanager
def _our_bot(slack: Slack) -> Iterator[int]:
    with tempfile.TemporaryDirectory() as folder, running_bot(Path(folder), slack) as bot:
        yield bot.process.pid


def _post_button(slack: Slack) -> str:
    """Post a button as in a request."""
    block_id = f"face:{uuid.uuid4()}:1"
    button = {
        "type": "button",
        "action_id": ActionId.DONT_KNOW,
        "text": {"type": "plain_text", "text": "I don’t know"},
    }
    posted = WebClient(slack.bot_token, base_url=slack.api_url).chat_postMessage(
        channel=slack.channel,
        text="Who is it?",
        blocks=[{"type": "actions", "block_id": block_id, "elements": [button]}],
    )
    return str(posted["ts"])


def _family(pid: int) -> Iterator[int]:
    """A process with its children and theirs."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from _family(int(child))


def _smaps(pid: int) -> Path:
    return Path(f"/proc/{pid}/smaps_rollup")


def _megabytes(pid: int) -> float:
    (pss,) = (line for line in _smaps(pid).read_text().splitlines() if line.startswith("Pss:"))
    return int(pss.split()[1]) * 1024 / 1e6


def _files_of_local_backend(pid: int) -> int:
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    files = {line.rpartition(" ")[2] for line in maps}
    return sum(any(name in file for name in LOCAL_BACKEND) for file in files)
