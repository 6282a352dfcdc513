"""`make crash`: kill the bot at every crash point, and at random moments, and count what got lost or was done
twice.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from tagbot.sandbox.driver import Slack, running_slack
from tests.crash import by_slack, forgetting, groups, merging, points
from tests.crash.crash import Run, run
from tests.crash.invariants import Outcome
from tests.crash.mortal import Place

ALL_SEEDS = "1-20"

FEW_SEEDS = "1-5"

FACES_BY_SLACK = 30
"""These come without sidecars, so that each face has to be found."""

DATABASE_AWAY_SECONDS = 30.0

RETRY_SECONDS, RETRIES = 5.0, 12
"""Slack delivers an event again, three times only, and then nobody ever hears of it. Kills that come faster
than a loaded machine starts the bot would use these up; what gets lost after a delivery is what counts.
"""


def main() -> int:
    """Kill it at every crash point, with each training backend; then run every seed, with and without faults
    outside. 1 when anything was violated.
    """
    options = arguments()
    found = 0
    if options.forget:
        found = forgetting.everywhere()
        print(f"{found} violations")
        return 1 if found else 0
    stories = (options.groups, groups.run), (options.merges, merging.run), (options.by_slack, by_slack.run)
    story = next((story for is_wanted, story in stories if is_wanted), None)
    if story is not None:
        found = sum(report(one, story) for one in runs(options))
        print(f"{found} violations")
        return 1 if found else 0
    if options.points is not None or options.seeds is None:
        trainings = [options.backend] if options.backend else points.BACKENDS
        found += points.run(trainings, {Place.of(options.points)} if options.points else set())
    if options.points is None:
        found += sum(report(one) for one in runs(options))
    if options.points is None and options.seeds is None:
        found += sum(
            report(replace(one, faces=FACES_BY_SLACK), by_slack.run) for one in runs(options, FEW_SEEDS)
        )
    print(f"{found} violations")
    return 1 if found else 0


def arguments() -> argparse.Namespace:
    """What to run."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=main.__doc__)
    parser.add_argument(
        "--points", nargs="?", const="", help='only the crash points; or one: "UndoTag, after a call, 2"'
    )
    parser.add_argument("--forget", action="store_true", help="have somebody forgotten, and kill that")
    parser.add_argument("--groups", action="store_true", help="have faces share requests; by seeds")
    parser.add_argument("--merges", action="store_true", help="merge people and part them; by seeds")
    parser.add_argument("--by-slack", action="store_true", help="have photos posted in Slack; by seeds")
    parser.add_argument("--seeds", help="only the seeds: 1-20, or one to replay it: 7")
    parser.add_argument("--faces", type=int, default=200)
    parser.add_argument("--kills", type=int, default=15)
    parser.add_argument(
        "--backend", choices=("local", "rekognition"), help="by itself: rekognition with faults"
    )
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument(
        "--bots", type=int, default=1, help="3, say; more than one need --database postgresql"
    )
    parser.add_argument("--faults", choices=("both", "with", "without"), default="both")
    return parser.parse_args()


def runs(options: argparse.Namespace, seeds: str = ALL_SEEDS) -> Iterator[Run]:
    """One for each seed and kind of world."""
    first, _, last = (options.seeds or seeds).partition("-")
    for faults in {"both": (False, True), "with": (True,), "without": (False,)}[options.faults]:
        for seed in range(int(first), int(last or first) + 1):
            yield Run(
                seed=seed,
                faces=options.faces,
                kills=options.kills,
                faults=faults,
                backend=options.backend or ("rekognition" if faults else "local"),
                database=options.database,
                bots=options.bots,
                database_away=DATABASE_AWAY_SECONDS if faults and options.database == "postgresql" else 0.0,
            )


def report(one: Run, story: Callable[[Path, Slack, Run], Outcome] = run) -> int:
    """Run it, and print a line; how many violations there were."""
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_slack(
            file_ready_seconds=0.05, rate_limits=0, retry_seconds=[RETRY_SECONDS] * RETRIES
        ) as slack,
    ):
        outcome = story(Path(folder), slack, one)
    print(f"{one}, {time.monotonic() - started:.0f} s: {outcome}", flush=True)
    return len(outcome.violations)


if __name__ == "__main__":
    sys.exit(main())
