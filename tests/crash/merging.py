"""Merge people and part them again while the bot, and now and then the command, is killed at random. After
all that they are parted, and everything has to be as it was.

    python -m tests.crash --merges --seeds 1-20
"""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.requests import stale_in_slack
from tagbot.database.opening import close_database, connected, open_database
from tagbot.sandbox.driver import Slack
from tagbot.settings import Settings
from tagbot.training.merged_faces import left_to_follow
from tests.clean_environment import clean_environment
from tests.crash.crash import (
    PATIENCE_SECONDS,
    Nemesis,
    Run,
    a_folder,
    backend,
    break_something,
    heal,
    wait_until_done,
)
from tests.crash.invariants import MODEL, WRONGLY_TAGGED, Outcome, Watch, outcome
from tests.crash.people import AGREED, Life, People, Story
from tests.forked import BotProcess
from tests.scenario.flood import photos
from tests.scenario.running_bot import RunningBot
from tests.world import environment

T = TypeVar("T")

MOST_SECONDS = 60.0
"""For the model to follow, and for Slack to show it."""

Whose = dict[str, tuple[str, str, str]]
"""By face: its person, as whose the model has it, and how that calls it."""


def run(folder: Path, slack: Slack, wanted: Run, *, patience: float = PATIENCE_SECONDS) -> Outcome:
    """One run, and what it came to."""
    chance, source = random.Random(wanted.seed), folder / "photos"
    source.mkdir()
    story = Story({face_id: Life((AGREED,)) for face_id in photos(source, wanted.faces)})
    with backend(wanted.backend) as (rekognition, settings), People(slack, story).acting():
        common = {
            "MAX_OPEN_REQUESTS": str(wanted.max_open),
            "RETRY_MAX_SECONDS": "0.5",
            "MAX_ATTEMPTS": "1000",
        }
        env = environment(a_folder(folder, 0), slack, **common, **settings)
        nemesis, watch = Nemesis(chance, [env]), Watch()
        try:
            nemesis.start()
            bot = nemesis.any_bot(slack)
            assert bot.command("add", str(source)).returncode == 0
            wait_until_done(bot, story, watch, patience)
            people, before = _people(bot), _whose(bot)
            acts = 0
            for _ in range(wanted.kills):
                acts += _merge_or_part(nemesis.any_bot(slack), people, chance)
                time.sleep(nemesis.life() / 4)  # not a wait for something: the moment of the kill
                nemesis.kill_one()
                if wanted.faults:
                    break_something(slack, rekognition, chance)
                nemesis.start()
            heal(slack, rekognition)
            bot = nemesis.any_bot(slack)
            together = _merge_all(bot, people)
            apart = _part_all(bot)
            came_to = outcome(bot, slack, story, watch, wanted.max_open)
        finally:
            nemesis.kill_all()
    came_to.counted["merged or parted"] = acts
    came_to.found[WRONGLY_TAGGED] += [
        f"{face_id} is not with the others of the merged"
        for face_id in together
        if together[face_id][0] != people[0]
    ]
    came_to.found[MODEL] += [
        f"{face_id} was {before.get(face_id)}, and is {apart.get(face_id)}"
        for face_id in before.keys() | apart.keys()
        if before.get(face_id) != apart.get(face_id)
    ]
    return came_to


def _merge_or_part(bot: RunningBot, people: list[str], chance: random.Random) -> int:
    """By a command, which is killed as well one time in three; whether it came to its end."""
    merged = _in_database(bot, lambda: {each.id for each in Person.select() if each.merged_into is not None})
    alone = [each for each in people if each not in merged]
    if merged and (len(alone) < 2 or chance.random() < 0.5):
        words = ["unmerge", chance.choice(sorted(merged))]
    else:
        words = ["merge", *chance.sample(alone, 2)]
        words.insert(2, "into")
    process = BotProcess(
        "people",
        *words,
        cwd=bot.data_dir,
        env=clean_environment(**bot.env),
        output=bot.data_dir / "command.log",
    )
    if chance.random() < 1 / 3:
        time.sleep(chance.uniform(0.1, 1.0))  # as above
        process.kill()
    return int(process.wait() == 0)


def _merge_all(bot: RunningBot, people: list[str]) -> Whose:
    """Into the first, whoever was merged by then."""
    _part_all(bot)
    for each in people[1:]:
        merged = bot.command("people", "merge", each, "into", people[0])
        assert merged.returncode == 0, merged.stderr
    _wait_until_followed(bot)
    return _whose(bot)


def _part_all(bot: RunningBot) -> Whose:
    for each in _in_database(bot, lambda: [one.id for one in Person.select() if one.merged_into is not None]):
        parted = bot.command("people", "unmerge", each)
        assert parted.returncode == 0, parted.stderr
    _wait_until_followed(bot)
    return _whose(bot)


def _wait_until_followed(bot: RunningBot) -> None:
    until, of_backend = time.monotonic() + MOST_SECONDS, Settings.from_env(bot.env).training_backend

    def left() -> bool:
        return bool(left_to_follow(of_backend) or stale_in_slack())

    while _in_database(bot, left) and time.monotonic() < until:
        time.sleep(0.2)  # another process works


def _people(bot: RunningBot) -> list[str]:
    return _in_database(bot, lambda: [person.id for person in Person.select().order_by(Person.slack_id)])


def _whose(bot: RunningBot) -> Whose:
    return _in_database(
        bot,
        lambda: {
            face.id: (str(face.person_id), str(face.person_ref), str(face.face_ref)) for face in Face.select()
        },
    )


def _in_database(bot: RunningBot, look: Callable[[], T]) -> T:
    """What is there, of the bot's."""
    open_database(Settings.from_env(bot.env).database_url)
    try:
        with connected():
            return look()
    finally:
        close_database()
