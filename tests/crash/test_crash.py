"""A short run of the crash test; `make crash` has the long ones."""

from pathlib import Path

from tagbot.sandbox.client import Slack
from tests.crash.crash import Run, run


def test_a_bot_that_is_killed_at_random_loses_nothing_and_repeats_nothing(
    tmp_path: Path, stand_in: Slack
) -> None:
    outcome = run(tmp_path, stand_in, Run(seed=7, faces=12, kills=4, faults=True, backend="rekognition"))
    assert outcome.violations == []
    assert outcome.counted["faces"] == 12


def test_neither_does_one_whose_database_server_stops_besides(tmp_path: Path, stand_in: Slack) -> None:
    on_a_server = Run(seed=7, faces=3, kills=1, faults=False, database="postgresql", database_away=2.0)
    outcome = run(tmp_path, stand_in, on_a_server)
    assert outcome.violations == []
    assert outcome.counted["faces"] == 3


def test_nor_do_several_of_which_one_is_killed_at_random(tmp_path: Path, stand_in: Slack) -> None:
    several = Run(seed=7, faces=4, kills=2, faults=False, database="postgresql", bots=2, max_open=2)
    outcome = run(tmp_path, stand_in, several)
    assert outcome.violations == []
    assert outcome.counted["faces"] == 4
    assert outcome.counted["open at most"] == 2, "more were waiting all the time"
