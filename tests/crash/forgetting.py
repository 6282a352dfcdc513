"""`forget` is killed at every passage of every failpoint, and at random moments; it always comes to one end.

python -m tests.crash --forget
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.people import Person
from tagbot.database.models.vectors import ModelVectors
from tagbot.database.opening import connected, open_database
from tagbot.lib import failpoints
from tagbot.main import main
from tagbot.sandbox.driver import Slack, running_slack
from tagbot.training.local import LocalBackend
from tests.clean_environment import clean_environment
from tests.forked import ROOT
from tests.maintenance.forgetting.scenes import of_person
from tests.maintenance.forgetting.traces import in_files, in_slack
from tests.recogniser import shared_recogniser
from tests.stages.scenes import tagged, votes
from tests.world import a_world, environment

MOST_LIVES = 400
"""More than there are passages of failpoints."""

LONGEST_SECONDS = 120.0
"""Of one life."""

RANDOM_KILLS = 15


def forget(data_dir: Path, slack: Slack, person: str, passage: int, kill_after: float | None) -> int:
    """One life of the command, which dies at that passage of a failpoint, or after so many seconds; its exit
    code.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.forgetting", str(passage), person],
        env=clean_environment(**environment(data_dir, slack)),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        return process.wait(LONGEST_SECONDS if kill_after is None else kill_after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        return process.wait()


def run(folder: Path, slack: Slack, *, faces: int, kills: int | None, seed: int = 1) -> list[str]:
    """Kill it at its first passage, then at its second, and so on, until it comes to its end; or so many
    times at random. What is left then, or changed.
    """
    data_dir, chance = folder / "data", random.Random(seed)
    recogniser = LocalBackend(ModelVectors(), shared_recogniser())
    with a_world(data_dir, slack, recogniser) as world:
        anna, _, chiara, *_ = slack.people
        for number in range(faces):
            tagged(world, chiara, size=100 + number)
        other = tagged(world, anna)
        wanted, before = of_person(chiara), votes(other)
    lives = 0
    while lives < MOST_LIVES:
        lives += 1
        random_kill = kills is not None and lives <= kills
        after = chance.uniform(0.5, 4.0) if random_kill else None
        if forget(data_dir, slack, chiara, 0 if kills is not None else lives, after) == 0:
            break
    open_database(f"sqlite:///{data_dir}/tagbot.db")
    with connected():
        left = [*in_files(data_dir, wanted), *in_slack(slack, wanted)]
        left += ["the votes on another face"] if votes(other) != before else []
        left += ["a forgetting that is not finished"] if Forgetting.unfinished() else []
        left += ["the person"] if Person.select().where(Person.slack_id == chiara).exists() else []
    print(f"forgetting, {faces} faces: {lives} lives, left: {left or 'nothing'}", flush=True)
    return left


def everywhere() -> int:
    """At each failpoint, and at random; how much was left."""
    found = 0
    for kills in (None, RANDOM_KILLS):
        with (
            running_slack(file_ready_seconds=0.0, rate_limits=0.0) as slack,
            tempfile.TemporaryDirectory() as folder,
        ):
            started = time.monotonic()
            found += len(run(Path(folder), slack, faces=3, kills=kills))
            print(f"{time.monotonic() - started:.0f} s", flush=True)
    return found


def life(passage: int, person: str) -> int:
    """Forget, and die at that passage."""
    passed = 0

    def die(_: str, __: str) -> None:
        nonlocal passed
        passed += 1
        if passed == passage:
            os.kill(os.getpid(), signal.SIGKILL)

    with failpoints.listening(die):
        return main(["forget", person])


if __name__ == "__main__":
    sys.exit(life(int(sys.argv[1]), sys.argv[2]))
