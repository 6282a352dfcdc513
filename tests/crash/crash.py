"""Kill the bot at random moments while faces flow through it, and count what got lost or was done twice.

A world outside it, Slack with its people and Amazon Rekognition, lives on. Everything random comes from the
seed.
"""

import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagbot.aws.boto import READ_SECONDS
from tagbot.photos.photos_in_flight import CRASHED as PHOTO_CRASHED
from tagbot.queues.sqs.long_poll import WAIT_SECONDS
from tagbot.queues.sqs.queue_pair import VISIBILITY_TIMEOUT_SECONDS
from tagbot.sandbox.driver import Slack
from tagbot.slack.api import TIMEOUT_SECONDS
from tests.aws.service import Amazon, running_amazon
from tests.clean_environment import clean_environment
from tests.crash.invariants import Outcome, Watch, outcome, shown_wrongly
from tests.crash.people import People, Story, story_of
from tests.forked import BOT, BotProcess
from tests.postgresql import OwnServer, our_own_server
from tests.rekognition.stand_in import Rekognition, running_rekognition
from tests.scenario.flood import photos
from tests.scenario.running_bot import RunningBot, quiet
from tests.world import environment

SLACK_TROUBLES: tuple[dict[str, Any], ...] = (
    {"status": 503},
    {"status": 429, "retry_after": 1},
    {"reset": True},
    {"reset": True, "effect": True},
    {"status": 500, "effect": True},
    {"hang": 3.0, "effect": True},
    {"hang": TIMEOUT_SECONDS + 2.0, "effect": True},
    {"delay": 2.0, "reset": True, "effect": True},
)
"""What Slack does wrong, now and then: also to have done it and not to say so, or to do it late, when the bot
that asked for it is dead perhaps. Some last longer than the bot waits for an answer.
"""

SLACK_METHODS = ("chat.*", "files.*", "users.info", "conversations.*")
"""What it fails at: also at the looking up of what it has done."""

REKOGNITION_TROUBLES: tuple[dict[str, Any], ...] = (
    {"error": "ThrottlingException"},
    {"status": 503},
    {"reset": True},
    {"reset": True, "effect": True},
    {"error": "InternalServerError", "effect": True},
    {"hang": 3.0, "effect": True},
    {"hang": READ_SECONDS + 2.0, "effect": True},
    {"delay": 2.0, "reset": True, "effect": True},
)
"""The same for the training backend."""

REKOGNITION_OPERATIONS = ("*", "IndexFaces", "CreateUser", "*Associate*", "DeleteFaces", "ListFaces")

PATIENCE_SECONDS = 180.0
"""After so long without a face that got any further, what is not done counts as lost."""

PAUSE_SECONDS = 2.0
"""Between two looks at whether all is done; with queues at Amazon each starts a process."""


@dataclass(frozen=True)
class Run:
    """What is done; the same seed draws the same lives, moments and faults."""

    seed: int
    faces: int
    kills: int
    faults: bool
    """Whether Slack and the training backend fail now and then besides."""
    backend: str = "local"
    database: str = "sqlite"
    database_away: float = 0.0
    """For how many seconds the database server is stopped, in the middle of it all."""
    bots: int = 1
    """Of several, one is killed each time; they share queues and pictures at Amazon."""
    max_open: int = 10
    """`MAX_OPEN_REQUESTS`."""

    def __str__(self) -> str:
        world = "with faults" if self.faults else "without faults"
        if self.database_away:
            world += f", the database stopped for {self.database_away:.0f} s"
        what = f"{self.faces} faces, {self.kills} kills"
        if self.bots > 1:
            what += f", {self.bots} bots"
        return f"seed {self.seed}, {what}, {self.backend}, {self.database}, {world}"


class Nemesis:
    """Starts the bots, kills one at a time, and starts it again."""

    def __init__(
        self, chance: random.Random, environments: list[dict[str, str]], *, program: Path = BOT
    ) -> None:
        self._program = program
        self._chance = chance
        self._environments = environments
        self._processes: dict[int, BotProcess] = {}

    def start(self) -> None:
        """Start all that do not run."""
        for number, env in enumerate(self._environments):
            if number not in self._processes:
                folder = Path(env["DATA_DIR"])
                self._processes[number] = BotProcess(
                    cwd=folder,
                    env=clean_environment(**env),
                    output=folder / "bot.log",
                    program=self._program,
                )

    def kill_one(self) -> None:
        """End it as a power cut would, as far as the process is concerned."""
        self._kill(self._chance.choice(sorted(self._processes)))

    def kill_all(self) -> None:
        """It is over."""
        for number in sorted(self._processes):
            self._kill(number)

    def any_bot(self, slack: Slack) -> RunningBot:
        """For the operator's commands."""
        number, process = next(iter(self._processes.items()))
        env = self._environments[number]
        return RunningBot(process, Path(env["DATA_DIR"]), slack, env)

    def life(self) -> float:
        """Seconds that the bots may live this time: some die while they start."""
        return self._chance.uniform(0.3, 4.0)

    def _kill(self, number: int) -> None:
        process = self._processes.pop(number)
        process.send_signal(signal.SIGKILL)
        process.wait()


def run(
    folder: Path,
    slack: Slack,
    wanted: Run,
    *,
    patience: float = PATIENCE_SECONDS,
    amazon_of: Path | None = None,
) -> Outcome:
    """One run, and what it came to. `amazon_of`: the folder of an Amazon that runs already."""
    chance, source = random.Random(wanted.seed), folder / "photos"
    source.mkdir()
    story = story_of(photos(source, wanted.faces), wanted.seed)
    with (
        backend(wanted.backend) as (rekognition, settings),
        database(wanted.database) as (server, address),
        shared(amazon_of or folder, several=wanted.bots > 1) as (amazon, places),
        People(slack, story).acting(),
    ):
        common = {
            "MAX_OPEN_REQUESTS": str(wanted.max_open),
            "RETRY_MAX_SECONDS": "0.5",
            "MAX_ATTEMPTS": "1000",
        }
        common |= places | settings | address
        environments = [
            environment(a_folder(folder, number), slack, **common) for number in range(wanted.bots)
        ]
        nemesis = Nemesis(chance, environments)
        try:
            nemesis.start()
            added = nemesis.any_bot(slack).command("add", str(source))
            assert added.returncode == 0, added.stderr
            for number in range(wanted.kills):
                if server is not None and wanted.database_away and number == wanted.kills // 2:
                    stop_for(server, wanted.database_away)
                time.sleep(nemesis.life())  # not a wait for something: the moment of the kill
                nemesis.kill_one()
                if wanted.faults:
                    break_something(slack, rekognition, chance)
                nemesis.start()
            # What was broken last stays so: the bot meets it in a life that nobody ends.
            if amazon is not None:
                let_the_dead_lose_what_they_had(amazon)
            bot, watch = nemesis.any_bot(slack), Watch()
            wait_until_done(bot, story, watch, patience)
            heal(
                slack, rekognition
            )  # what the bot did not come across, the look at the model shall not either
            return outcome(bot, slack, story, watch, wanted.max_open)
        finally:
            nemesis.kill_all()


def let_the_dead_lose_what_they_had(amazon: Amazon) -> None:
    """As SQS does after a minute, of which only the time is waited for in which the polls that they left
    behind still take messages.
    """
    time.sleep(WAIT_SECONDS)  # another process waits, and does not tell
    amazon.pass_time(VISIBILITY_TIMEOUT_SECONDS)


def a_folder(folder: Path, number: int) -> Path:
    """Where one bot keeps what is its own."""
    data = folder / f"data-{number}"
    (data / "inbox").mkdir(parents=True)
    return data


@contextmanager
def shared(folder: Path, *, several: bool) -> Iterator[tuple[Amazon | None, dict[str, str]]]:
    """Where several bots share queues and pictures, and the settings that lead there."""
    if not several:
        yield None, {}
        return
    with running_amazon(folder) as amazon:
        amazon.make_bucket()
        yield (
            amazon,
            {
                "QUEUE_URL": f"sqs://{amazon.prefix}",
                "IMAGE_STORE": f"s3://{amazon.bucket}/images",
                "INBOX": f"s3://{amazon.bucket}/inbox",
                **amazon.environment(),
            },
        )


@contextmanager
def backend(name: str) -> Iterator[tuple[Rekognition | None, dict[str, str]]]:
    """The training backend outside the bot, where it is one, and the settings that lead there."""
    if name == "local":
        yield None, {"TRAINING_BACKEND": "local"}
        return
    with running_rekognition() as rekognition:
        settings = {"TRAINING_BACKEND": "rekognition", "REKOGNITION_CALLS_PER_SECOND": "1000"}
        yield rekognition, {**settings, **rekognition.environment()}


@contextmanager
def database(name: str) -> Iterator[tuple[OwnServer | None, dict[str, str]]]:
    """The database server outside the bot, where there is one, and the settings that lead there."""
    if name == "sqlite":
        yield None, {}
        return
    with our_own_server() as server:
        server.make_template()
        with server.database() as url:
            yield server, {"DATABASE_URL": url}


def stop_for(server: OwnServer, seconds: float) -> None:
    """Stop it as a crash does; people go on clicking meanwhile."""
    server.stop()
    time.sleep(seconds)  # not a wait for something: how long it is away
    server.start()


def break_something(slack: Slack, rekognition: Rekognition | None, chance: random.Random) -> None:
    """Let the world outside go wrong in another way than before."""
    heal(slack, rekognition)
    slack.fail(chance.choice(SLACK_METHODS), **chance.choice(SLACK_TROUBLES), times=3)
    if rekognition is not None:
        rekognition.fail(
            chance.choice(REKOGNITION_OPERATIONS), **chance.choice(REKOGNITION_TROUBLES), times=3
        )


def heal(slack: Slack, rekognition: Rekognition | None) -> None:
    """Let nothing go wrong any more."""
    slack.heal()
    if rekognition is not None:
        rekognition.heal()


def wait_until_done(bot: RunningBot, story: Story, watch: Watch, patience: float) -> None:
    """Return when people and bot have nothing more to do, or when nothing moved for so many seconds."""
    while not is_done(bot, story, watch) and watch.idle_seconds < patience:
        time.sleep(PAUSE_SECONDS)


def status_of(bot: RunningBot) -> dict[str, Any]:
    """By the command's own code; by the command itself where that has its credentials in its environment."""
    if "QUEUE_URL" in bot.env:
        return bot.status()
    with bot.looking() as look:
        return look()


def put_suspects_back(bot: RunningBot) -> int:
    """Photos that were in the bot's hands at several of the kills lie in rejected/, as each may have been the
    cause. Put them into the inbox again, as their operator would; how many there were.
    """
    rejected, inbox = bot.data_dir / "rejected", bot.data_dir / "inbox"
    suspects = [note for note in rejected.glob("*.error.txt") if PHOTO_CRASHED in note.read_text()]
    for note in suspects:
        photo = note.with_name(note.name.removesuffix(".error.txt"))
        for file in (
            photo.with_suffix(".json"),
            photo,
        ):  # the sidecar first, as it is looked for beside the photo
            if file.exists():
                file.rename(inbox / file.name)
        note.unlink()
    return len(suspects)


def is_done(bot: RunningBot, story: Story, watch: Watch) -> bool:
    """Whether people have nothing more to do and the bot has nothing left. Notes why messages were given up,
    and has them tried again, as an operator would, so that all else is counted too.
    """
    status = status_of(bot)
    if watch.look(status):
        bot.command("retry")
    watch.suspects += put_suspects_back(bot)
    tagged = sum(life.is_tagged for life in story.lives.values())
    final = {"waiting": 0, "open": 0, "training": 0, "tagged": tagged, "rejected": len(story.lives) - tagged}
    done = story.is_told and quiet(status) and status["faces"] == final
    # What Slack shows follows a moment later, or when the timed job catches up.
    return done and not any(shown_wrongly(bot.slack, story))
