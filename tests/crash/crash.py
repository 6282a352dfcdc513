"""Kill the bot at random moments while faces flow through it, and count what got lost or was done twice.

A world outside it, Slack with its people, lives on. Everything random comes from the seed.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagbot.sandbox.client import Slack
from tagbot.sandbox.errors import Refused
from tests.scenario.flood import is_open, photos
from tests.scenario.running_bot import ROOT, RunningBot, quiet
from tests.world import environment

TROUBLES: tuple[dict[str, Any], ...] = (
    {"status": 503},
    {"status": 429, "retry_after": 0.2},
    {"reset": True},
    {"reset": True, "effect": True},
    {"status": 500, "effect": True},
)
"""What Slack does wrong, now and then: also to have done it and not to say so."""


@dataclass(frozen=True)
class Run:
    """What is done; the same seed draws the same moments and faults."""

    seed: int
    faces: int
    kills: int
    faults: bool
    """Whether Slack fails now and then besides."""

    def __str__(self) -> str:
        world = "with faults" if self.faults else "without faults"
        return f"seed {self.seed}, {self.faces} faces, {self.kills} kills, {world}"


@dataclass
class Story:
    """What people did, seen from outside."""

    acknowledged: dict[tuple[str, str], str] = field(default_factory=dict)
    """By face and tagger: the last answer that Slack was acknowledged."""


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


class People:
    """Two members who answer every open request with the same person, whenever the bot is there."""

    def __init__(self, slack: Slack, story: Story) -> None:
        self._slack = slack
        self._story = story
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._answer, daemon=True)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer in a thread of their own."""
        self._thread.start()
        try:
            yield
        finally:
            self._done.set()
            self._thread.join()

    def _answer(self) -> None:
        while not self._done.wait(0.05):
            for message in self._slack.messages():
                if is_open(message) and message.metadata is not None:
                    self._answer_one(message.ts, message.metadata["event_payload"]["face_id"])

    def _answer_one(self, ts: str, face_id: str) -> None:
        person = self._slack.people[2]
        for tagger in self._slack.people[:2]:
            if (face_id, tagger) in self._story.acknowledged:
                continue
            try:
                act = self._slack.choose(tagger, ts, "tag_person", person)
            except Refused:
                return  # it closed meanwhile
            if act.acknowledged:
                self._story.acknowledged[face_id, tagger] = person


def run(folder: Path, slack: Slack, wanted: Run, *, patience: float = 300.0) -> list[str]:
    """One run; the violations that were found, none when all is well."""
    chance, story, data = random.Random(wanted.seed), Story(), folder / "data"
    env = environment(data, slack, MAX_OPEN_REQUESTS="10", RETRY_MAX_SECONDS="0.5", MAX_ATTEMPTS="1000")
    (data / "inbox").mkdir(parents=True)
    photos(data / "inbox", wanted.faces)
    nemesis = Nemesis(chance, env, data / "bot.log")
    with People(slack, story).answering():
        try:
            nemesis.start()
            for _ in range(wanted.kills):
                time.sleep(nemesis.life())  # not a wait for something: the moment of the kill
                nemesis.kill()
                if wanted.faults:
                    break_something(slack, chance)
                nemesis.start()
            slack.heal()
            bot = RunningBot(nemesis.process, data, slack, env)
            stuck = wait_until_done(bot, wanted.faces, patience)
            return [f"stuck: {stuck}"] if stuck else violations(bot, slack, story)
        finally:
            nemesis.kill()


def break_something(slack: Slack, chance: random.Random) -> None:
    """Let Slack go wrong in another way than before."""
    slack.heal()
    slack.fail(chance.choice(["chat.*", "files.*", "users.info"]), **chance.choice(TROUBLES), times=3)


def wait_until_done(bot: RunningBot, faces: int, patience: float) -> dict[str, Any] | None:
    """Return None when every face is tagged and all queues are empty; the status when that takes too long."""
    deadline = time.monotonic() + patience
    while not (quiet(status := bot.status()) and status["faces"]["tagged"] == faces):
        if suspects(status):
            bot.command("retry")  # as an operator would, who reads why they were given up
        if time.monotonic() > deadline:
            return status
        time.sleep(0.5)  # the bot is asked by starting a process: not without a pause
    return None


def suspects(status: dict[str, Any]) -> bool:
    """Whether messages were buried that were in a stage's hands at five crashes in a row: here, by chance."""
    dead = [trouble["error"] for trouble in status["troubles"] if trouble["state"] == "dead"]
    return any(error.startswith("the bot crashed") for error in dead)


def violations(bot: RunningBot, slack: Slack, story: Story) -> list[str]:
    """Compare what the bot says with what people did and what Slack has."""
    found: list[str] = []
    lines = {line["face_id"]: line for line in bot.export()}
    requests = Counter(
        (message.metadata["event_payload"]["face_id"], message.metadata["event_payload"]["round"])
        for message in slack.messages()
        if message.metadata is not None
    )
    found += [f"{count} requests of {which}" for which, count in requests.items() if count != 1]
    found += [f"no request of {face_id}" for face_id in lines if (face_id, 1) not in requests]
    votes = {
        (face_id, vote["tagger"]): vote["answer"] for face_id, line in lines.items() for vote in line["votes"]
    }
    found += [f"lost: {vote}" for vote in story.acknowledged if votes.get(vote) != story.acknowledged[vote]]
    reconciled = bot.command("reconcile")
    if reconciled.returncode != 0:
        found.append(f"the model differs: {reconciled.stdout}")
    found += [
        f"shown as {message.text!r}"
        for message in slack.messages()
        if not message.text.startswith("Tagged as Chiara")
    ]
    return found
