"""`stats` from the command line, whether or not the bot runs."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from tagbot.database.opening import connected, open_database
from tagbot.queues.disk import disk_queues
from tagbot.vocabulary import QueueName
from tests.commands.conftest import Run
from tests.database.labelled import label
from tests.world import DATABASE, new_database


@pytest.mark.rule("stats-json", "only-check-needs-slack")
def test_stats_of_a_bot_that_never_ran_are_zeros(run: Run) -> None:
    ran = run("stats", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["labelled"] == 0
    assert run("stats").out.splitlines()[0] == "No face is labelled yet."


@pytest.mark.rule("stats-json")
@pytest.mark.parametrize("beside", [True, False])
def test_stats_tell_the_same_whether_or_not_a_bot_runs(run: Run, tmp_path: Path, beside: bool) -> None:
    open_database(new_database(tmp_path / "data" / DATABASE))
    with connected():
        for _ in range(4):
            label("U1", "U1", clicks=2)
    with disk_queues(tmp_path / "data/queues", QueueName) if beside else nullcontext():
        figures, words = run("stats", "--json"), run("stats")
    told = json.loads(figures.out)
    assert (told["labelled"], told["answers"], told["clicks_per_face"]) == (4, 8, 4.0)
    assert (told["asked"], told["closed"]) == (4, 4)
    assert words.out.splitlines()[:2] == [
        "4 faces asked about, 4 of them closed.",
        "4 faces labelled by 8 answers and 16 clicks: 2.00 answers and 4.00 clicks for each.",
    ]
