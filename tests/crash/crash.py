"""Kill the bot at random moments while faces flow through it, and count what got lost or was done twice.

A world outside it, Slack with its people and Amazon Rekognition, lives on. Everything random comes from the
seed.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagbot.sandbox.client import Slack
from tests.crash.invariants import Outcome, outcome
from tests.crash.people import People, Story, story_of
from tests.rekognition.stand_in import Rekognition, running_rekognition
from tests.scenario.flood import photos
from tests.scenario.running_bot import ROOT, RunningBot, quiet
from tests.world import environment

SLACK_TROUBLES: tuple[dict[str, Any], ...] = (
    {"status": 503},
    {"status": 429, "retry_after": 1},
    {"reset": True},
    {"reset": True, "effect": True},
    {"status": 500, "effect": True},
    {"hang": 3.0, "effect": True},
)
"""What Slack does wrong, now and then: also to have done it and not to say so."""

REKOGNITION_TROUBLES: tuple[dict[str, Any], ...] = (
    {"error": "ThrottlingException"},
    {"status": 503},
    {"reset": True},
    {"reset": True, "effect": True},
    {"error": "InternalServerError", "effect": True},
    {"hang": 3.0, "effect": True},
)
"""The same for the training backend."""

PAUSE_SECONDS = 0.5
"""Between two looks at whether all is done: each starts a process."""


@dataclass(frozen=True)
class Run:
    """What is done; the same seed draws the same lives, moments and faults."""

    seed: int
    faces: int
    kills: int
    faults: bool
    """Whether Slack and the training backend fail now and then besides."""
    backend: str = "local"

    def __str__(self) -> str:
        world = "with faults" if self.faults else "without faults"
        return f"seed {self.seed}, {self.faces} faces, {self.kills} kills, {self.backend}, {world}"


class Nemesis:
    """Starts the bot, kills it, and starts it again."""

    def __init__(self, chance: random.Random, env: dict[str, str], log: Path) -> None:
        self._chance = chance
        self._env = env
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The bot that was started last."""
        assert self._process is not None
        return self._process

    def start(self) -> None:
        """Start the bot."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "bot.py"], cwd=ROOT, env={**os.environ, **self._env}, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """End it as a power cut would, as far as the process is concerned."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def life(self) -> float:
        """Seconds that the bot may live this time: some die while they start."""
        return self._chance.uniform(0.3, 4.0)


def run(folder: Path, slack: Slack, wanted: Run, *, patience: float = 300.0) -> Outcome:
    """One run, and what it came to."""
    chance, data = random.Random(wanted.seed), folder / "data"
    (data / "inbox").mkdir(parents=True)
    story = story_of(photos(data / "inbox", wanted.faces), wanted.seed)
    with backend(wanted.backend) as (rekognition, settings), People(slack, story).acting():
        env = environment(
            data, slack, MAX_OPEN_REQUESTS="10", RETRY_MAX_SECONDS="0.5", MAX_ATTEMPTS="1000", **settings
        )
        nemesis = Nemesis(chance, env, data / "bot.log")
        try:
            nemesis.start()
            for _ in range(wanted.kills):
                time.sleep(nemesis.life())  # not a wait for something: the moment of the kill
                nemesis.kill()
                if wanted.faults:
                    break_something(slack, rekognition, chance)
                nemesis.start()
            heal(slack, rekognition)
            bot = RunningBot(nemesis.process, data, slack, env)
            stuck = wait_until_done(bot, story, patience)
            return Outcome({}, [f"stuck: {stuck}"]) if stuck else outcome(bot, slack, story)
        finally:
            nemesis.kill()


@contextmanager
def backend(name: str) -> Iterator[tuple[Rekognition | None, dict[str, str]]]:
    """The training backend outside the bot, where it is one, and the settings that lead there."""
    if name == "local":
        yield None, {"TRAINING_BACKEND": "local"}
        return
    with running_rekognition() as rekognition:
        settings = {"TRAINING_BACKEND": "rekognition", "REKOGNITION_CALLS_PER_SECOND": "1000"}
        yield rekognition, {**settings, **rekognition.environment()}


def break_something(slack: Slack, rekognition: Rekognition | None, chance: random.Random) -> None:
    """Let the world outside go wrong in another way than before."""
    heal(slack, rekognition)
    slack.fail(chance.choice(["chat.*", "files.*", "users.info"]), **chance.choice(SLACK_TROUBLES), times=3)
    if rekognition is not None:
        operation = chance.choice(["*", "IndexFaces", "CreateUser", "*Associate*", "DeleteFaces"])
        rekognition.fail(operation, **chance.choice(REKOGNITION_TROUBLES), times=3)


def heal(slack: Slack, rekognition: Rekognition | None) -> None:
    """Let nothing go wrong any more."""
    slack.heal()
    if rekognition is not None:
        rekognition.heal()


def wait_until_done(bot: RunningBot, story: Story, patience: float) -> dict[str, Any] | None:
    """Return None when people have nothing more to do and the bot has nothing left; the status when that
    takes too long.
    """
    tagged = sum(life.is_tagged for life in story.lives.values())
    final = {"waiting": 0, "open": 0, "training": 0, "tagged": tagged, "rejected": len(story.lives) - tagged}
    deadline = time.monotonic() + patience
    while True:
        status = bot.status()
        if story.is_told and quiet(status) and status["faces"] == final:
            return None
        if suspects(status):
            bot.command("retry")  # as an operator would, who reads why they were given up
        if time.monotonic() > deadline:
            return status
        time.sleep(PAUSE_SECONDS)


def suspects(status: dict[str, Any]) -> bool:
    """Whether messages were buried that were in a stage's hands at five crashes in a row: here, by chance."""
    dead = [trouble["error"] for trouble in status["troubles"] if trouble["state"] == "dead"]
    return any(error.startswith("the bot crashed") for error in dead)
