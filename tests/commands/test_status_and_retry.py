"""`status` and `retry` from the command line, whether or not the bot runs."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from tagbot.queues.disk import disk_queues
from tagbot.vocabulary import QueueName
from tests.commands.conftest import Run
from tests.world import write_new_files

NOTHING = {"ready": 0, "delayed": 0, "in_flight": 0, "dead": 0}


def two_dead_letters(tmp_path: Path) -> None:
    write_new_files(tmp_path / "data")
    with disk_queues(tmp_path / "data/queues", QueueName) as queues:
        for name in ("face-tagging", "face-undo"):
            queues[name].put("m", "F", {})
            delivery = queues[name].get(0)
            assert delivery is not None
            delivery.bury("Slack is away")


@pytest.mark.rule("only-check-needs-slack", "status-json")
def test_status_of_a_bot_that_never_ran_has_every_queue(run: Run) -> None:
    ran = run("status", "--json")
    assert (ran.code, ran.err) == (0, "")
    status = json.loads(ran.out)
    assert status["faces"] == {"waiting": 0, "open": 0, "training": 0, "tagged": 0, "rejected": 0}
    assert status["queues"] == dict.fromkeys(QueueName, NOTHING)


@pytest.mark.rule("commands-as-in-slack")
@pytest.mark.parametrize("beside", [True, False])
def test_status_tells_the_same_whether_or_not_a_bot_runs(run: Run, tmp_path: Path, beside: bool) -> None:
    two_dead_letters(tmp_path)
    with disk_queues(tmp_path / "data/queues", QueueName) if beside else nullcontext():
        figures, words = run("status", "--json"), run("status")
    queues = json.loads(figures.out)["queues"]
    assert queues == {
        **dict.fromkeys(map(str, QueueName), NOTHING),
        "face-tagging": {**NOTHING, "dead": 1},
        "face-undo": {**NOTHING, "dead": 1},
    }
    assert "face-undo: 1 given up because: Slack is away." in words.out.splitlines()


@pytest.mark.rule("commands-as-in-slack", "retry-all")
@pytest.mark.parametrize("arguments", [(), ("all",)])
@pytest.mark.parametrize("beside", [True, False])
def test_retry_puts_all_dead_letters_back(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], beside: bool
) -> None:
    two_dead_letters(tmp_path)
    with disk_queues(tmp_path / "data/queues", QueueName) if beside else nullcontext():
        ran = run("retry", *arguments)
        assert (ran.code, ran.err) == (0, "")
        assert ran.out == "2 messages are tried again.\nface-tagging: 1\nface-undo: 1\n"
        assert json.loads(run("status", "--json").out)["queues"]["face-undo"] == {**NOTHING, "ready": 1}


@pytest.mark.rule("commands-as-in-slack", "facetag-typed-by-people")
@pytest.mark.parametrize(
    "typed", ["face-undo", "Face-Undo.", "`face-undo`", "queue “FACE-UNDO”", "face undo"]
)
def test_retry_of_one_queue_leaves_the_others(run: Run, tmp_path: Path, typed: str) -> None:
    two_dead_letters(tmp_path)
    assert run("Retry", *typed.split()).out == "1 message is tried again.\nface-undo: 1\n"
    assert json.loads(run("status", "--json").out)["queues"]["face-tagging"]["dead"] == 1


@pytest.mark.rule("commands-as-in-slack")
@pytest.mark.parametrize("target", ["face-undone", "0b7e7a52-3a4c-4b0e-9f5d-000000000000"])
def test_retry_of_something_unknown_fails_and_names_the_queues(run: Run, tmp_path: Path, target: str) -> None:
    two_dead_letters(tmp_path)
    ran = run("retry", target)
    assert (ran.code, ran.out) == (1, "")
    assert target in ran.err
    assert r"Face \x1b[2J" in run("retry", "Face", "\x1b[2J").err
    assert all(queue in ran.err for queue in QueueName)


def test_a_damaged_queue_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data/queues").mkdir(parents=True)
    (tmp_path / "data/queues/face-undo.db").write_bytes(b"no database at all" * 100)
    ran = run("status")
    assert ran.code == 1
    [line] = ran.err.splitlines()
    assert "face-undo.db cannot be used" in line


@pytest.mark.parametrize("command", ["status", "retry", "export", "add"])
def test_a_data_dir_that_cannot_be_a_folder_is_told_in_one_line(
    run: Run, tmp_path: Path, command: str
) -> None:
    (tmp_path / "data").write_text("a file in the place of the folder")
    ran = run(command, *(["x.jpg"] if command == "add" else []))
    assert ran.code == 1
    [line] = ran.err.splitlines()
    assert str(tmp_path / "data") in line
