"""A short run of the crash test; `make crash` has the long ones."""

from pathlib import Path

import pytest

from tagbot.lib.crashes import CRASHED
from tagbot.sandbox.driver import Slack, running_slack
from tests.crash import by_slack, forgetting, groups, merging
from tests.crash.crash import Run, run
from tests.crash.invariants import INVARIANTS, Watch


@pytest.mark.rule("crash-anywhere")
@pytest.mark.failure("readme-bot-crashes")
@pytest.mark.failure("readme-bot-gone", "bot-gone", shows="what happens")
@pytest.mark.ci
def test_a_bot_that_is_killed_at_random_loses_nothing_and_repeats_nothing(
    tmp_path: Path, stand_in: Slack
) -> None:
    outcome = run(tmp_path, stand_in, Run(seed=6, faces=8, kills=3, faults=True, backend="rekognition"))
    assert outcome.violations == []
    assert outcome.counted["faces"] == 8
    assert tuple(outcome.found) == INVARIANTS


@pytest.mark.rule("postgresql-as-sqlite", "open-requests-over-bots", "bot-of-several-killed")
@pytest.mark.ci
def test_nor_do_several_of_which_one_is_killed_at_random_while_their_database_server_stops(
    tmp_path: Path, stand_in: Slack, amazon_of: Path
) -> None:
    several = Run(
        seed=7,
        faces=3,
        kills=1,
        faults=False,
        database="postgresql",
        database_away=2.0,
        bots=2,
        max_open=2,
        backend="rekognition",
    )
    outcome = run(tmp_path, stand_in, several, amazon_of=amazon_of)
    assert outcome.violations == []
    assert outcome.counted["faces"] == 3


@pytest.mark.rule("crash-anywhere", "split-group", "undo-some")
@pytest.mark.ci
def test_nor_does_one_whose_faces_share_requests_are_struck_out_and_reopened(
    tmp_path: Path, stand_in: Slack
) -> None:
    outcome = groups.run(tmp_path, stand_in, Run(seed=3, faces=12, kills=3, faults=False))
    assert outcome.violations == []
    assert outcome.counted["struck out or reopened"]


@pytest.mark.rule("merge-crash", "unmerge-exact")
@pytest.mark.ci
@pytest.mark.parametrize("backend", ["local", "rekognition"])
def test_nor_does_one_whose_people_are_merged_and_parted(
    tmp_path: Path, stand_in: Slack, backend: str
) -> None:
    faults = backend == "rekognition"
    wanted = Run(seed=5, faces=6, kills=4, faults=faults, backend=backend)
    outcome = merging.run(tmp_path, stand_in, wanted)
    assert outcome.violations == []
    assert outcome.counted["merged or parted"]


@pytest.mark.rule("crash-anywhere", "posted-photos", "consent-before-learning", "photos-with-me")
@pytest.mark.ci
def test_nor_does_one_whose_people_post_photos_agree_or_not_and_ask_for_theirs(tmp_path: Path) -> None:
    with running_slack(file_ready_seconds=0.05, rate_limits=0, retry_seconds=[5.0] * 3) as slack:
        outcome = by_slack.run(tmp_path, slack, Run(seed=2, faces=6, kills=3, faults=False))
    assert outcome.violations == []
    assert outcome.counted["sent photos"]


@pytest.mark.rule("forget-crash")
@pytest.mark.ci
def test_a_forgetting_that_is_killed_at_random_comes_to_its_end(tmp_path: Path, stand_in: Slack) -> None:
    assert forgetting.run(tmp_path, stand_in, faces=2, kills=3) == []


def test_a_dead_letter_that_is_no_suspect_of_a_crash_is_told_beside_those_that_are() -> None:
    watch, dead = Watch(), {"state": "dead", "queue": "face-undo", "count": 1}
    delayed = {**dead, "state": "delayed", "error": "Slack asked us to wait"}
    letters = [{**dead, "error": CRASHED}, {**dead, "error": "bug: KeyError"}, delayed]
    assert not watch.look({"faces": {"open": 3}, "troubles": [delayed]})
    assert watch.look({"faces": {"open": 1}, "troubles": letters})
    assert watch.most_open == 3
    assert (watch.suspects, watch.dead) == (1, {"1 in face-undo: bug: KeyError"})
