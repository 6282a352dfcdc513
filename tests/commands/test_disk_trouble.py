"""Disks that are full, read-only or damaged, with the bot as a process on a real disk of its own."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tagbot.database.opening import open_database
from tagbot.queues.disk import disk_queues
from tagbot.sandbox.driver import Slack
from tagbot.slack import words
from tagbot.vocabulary import QueueName
from tests.clean_environment import clean_environment
from tests.commands.conftest import Run
from tests.forked import ROOT
from tests.scenario.running_bot import PATIENCE, RunningBot, running_bot
from tests.scenario.test_flow import tag
from tests.world import astronaut, environment, write_new_files

DAMAGED = b"no database at all" * 100


@pytest.fixture(name="disk")
def _disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"a disk of its own cannot be had here: {mounted.stderr.decode().strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Until not a byte is left; the file that takes all the room."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 4096, 512, 1):
            try:
                while file.write(b"x" * size):
                    pass
            except OSError:
                continue
    return filler


def ask(bot: RunningBot, name: str = "portrait.png") -> str:
    """Have a face asked about; the request's ts."""
    bot.put_portrait(name)
    return bot.slack.wait_for_message(timeout=PATIENCE).ts


def log(data_dir: Path) -> str:
    return (data_dir / "bot.log").read_text()


@pytest.mark.ci
@pytest.mark.failure("readme-disk-full")
@pytest.mark.failure("disk-full", shows="what happens")
def test_on_a_full_disk_clicks_are_acknowledged_and_nothing_is_lost_and_with_room_again_it_goes_on(
    tmp_path: Path, disk: Path, stand_in: Slack, at_rekognition: dict[str, str]
) -> None:
    anna, ben, chiara, *_ = stand_in.people
    (disk / "data").mkdir()
    settings = {"DATA_DIR": str(disk / "data"), "INBOX": str(tmp_path / "inbox"), **at_rekognition}
    with running_bot(tmp_path, stand_in, **settings) as bot:
        ts = ask(bot)
        assert stand_in.choose(anna, ts, "tag_person", chiara).acknowledged
        stand_in.wait_for_message(lambda message: f"<@{anna}>" in message.text, timeout=PATIENCE)
        filler = fill(disk)
        bot.put("second.png", astronaut() + b"2")

        # A little may still fit into what SQLite's logs have set aside.
        def is_refused() -> bool:
            act = stand_in.click(ben, ts, "dont_know")
            assert (act.acknowledged, act.error) == (True, None)
            return any(message.text == words.NOT_STORED for message in stand_in.ephemerals(ben))

        stand_in.wait_for(is_refused, "an answer that cannot be stored", timeout=PATIENCE)
        assert bot.process.poll() is None
        filler.unlink()
        assert stand_in.choose(ben, ts, "tag_person", chiara).acknowledged
        stand_in.wait_for_message(lambda message: "Tagged as" in message.text, timeout=PATIENCE)
        stand_in.wait_for(lambda: not list((tmp_path / "inbox").iterdir()), "the inbox", timeout=PATIENCE)
        assert bot.stop() == 0
    assert "Traceback" not in log(tmp_path)


@pytest.mark.failure("database-damaged")
def test_a_disk_that_may_not_be_written_to_is_one_line_and_no_crash(
    tmp_path: Path, disk: Path, stand_in: Slack
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    started = start(disk / "data", stand_in)
    assert (started.returncode, started.stderr.count("\n")) == (1, 1)
    assert "Read-only file system" in started.stderr
    assert str(disk) in started.stderr
    assert list(tmp_path.iterdir()) == [disk]


@pytest.mark.process
@pytest.mark.rule("backup-whole")
@pytest.mark.parametrize("free", [100_000, 8_000_000], ids=["none for the database", "none for the pictures"])
def test_a_backup_that_finds_no_room_is_one_line_and_leaves_nothing(
    tmp_path: Path, disk: Path, run: Run, free: int
) -> None:
    write_new_files(tmp_path / "data")
    (tmp_path / "data" / "large.jpg").write_bytes(bytes(8_000_000))
    (disk / "filler").write_bytes(bytes(8_000_000 - free))
    ran = run("backup", str(disk / "a.tar"))
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert str(disk) in ran.err
    assert [path.name for path in disk.iterdir()] == ["filler"]


def start(data_dir: Path, slack: Slack) -> subprocess.CompletedProcess[str]:
    """Start a bot that cannot run."""
    return subprocess.run(
        [sys.executable, "bot.py"],
        cwd=ROOT,
        env=clean_environment(**environment(data_dir, slack)),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


# --- The database ------------------------------------------------------------------------------------------


def damaged(data: Path) -> str:
    (data / "tagbot.db").write_bytes(DAMAGED)
    return "file is not a database (stop the bot, then restore the file from a backup, or move it away"


def of_a_newer_version(data: Path) -> str:
    open_database(f"sqlite:///{data}/tagbot.db")
    with closing(sqlite3.connect(data / "tagbot.db")) as connection, connection:
        connection.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01')")
    return "a newer version of FaceTag has changed it (9999_later): run that one, or a later one"


def a_folder(data: Path) -> str:
    (data / "tagbot.db").mkdir()
    return "unable to open database file (see to it that the bot may write there)"


@pytest.mark.failure("readme-database-damaged", "database-damaged")
@pytest.mark.parametrize("arguments", [[], ["status"], ["export"]], ids=" ".join)
@pytest.mark.parametrize("break_it", [damaged, of_a_newer_version, a_folder])
def test_a_database_that_cannot_be_used_is_one_line_that_says_what_to_do(
    on_slack: Run, tmp_path: Path, break_it: Callable[[Path], str], arguments: list[str]
) -> None:
    (tmp_path / "data").mkdir()
    says = break_it(tmp_path / "data")
    before = (tmp_path / "data/tagbot.db").stat()
    ran = on_slack(*arguments)
    assert ran.code == 1
    [line] = ran.err.splitlines()
    assert line.startswith(f"the database {tmp_path}/data/tagbot.db cannot be used: ")
    assert says in line
    after = (tmp_path / "data/tagbot.db").stat()
    assert (after.st_size, after.st_ino) == (before.st_size, before.st_ino)


@pytest.mark.failure("readme-database-damaged", "database-damaged")
@pytest.mark.parametrize("arguments", [[], ["status"]], ids=" ".join)
def test_a_database_that_another_program_holds_is_one_line_that_says_so(
    on_slack: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr("tagbot.database.sqlite.BUSY_TIMEOUT", 50)
    open_database(f"sqlite:///{tmp_path}/data/tagbot.db")
    with closing(sqlite3.connect(tmp_path / "data/tagbot.db", isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        ran = on_slack(*arguments)
    assert ran.code == 1
    [line] = ran.err.splitlines()
    assert "database is locked (another program holds it: end that program)" in line


# --- A queue -----------------------------------------------------------------------------------------------


@pytest.mark.ci
@pytest.mark.failure("readme-queue-damaged", "queue-damaged")
def test_with_a_damaged_queue_file_all_else_goes_on_and_everybody_is_told_which_and_what_to_do(
    tmp_path: Path, stand_in: Slack, at_rekognition: dict[str, str]
) -> None:
    anna, ben, chiara, *_ = stand_in.people
    with disk_queues(tmp_path / "queues", QueueName):
        pass
    file = tmp_path / "queues/face-undo.db"
    file.write_bytes(DAMAGED)
    says = (
        f"the queue file {file} cannot be used: file is not a database (stop the bot, then restore the file"
    )
    with running_bot(tmp_path, stand_in, **at_rekognition) as bot:
        ts = ask(bot)
        tag(stand_in, ts, [anna, ben], chiara)
        # What needs the queue is acknowledged, and told.
        assert stand_in.click(anna, ts, "wrong_person").acknowledged
        stand_in.wait_for_ephemeral(anna, lambda message: message.text == words.NOT_STORED)
        stand_in.slash(ben, "/facetag", "status")
        stand_in.wait_for_ephemeral(ben, lambda message: says in message.text)
        beside, figures = bot.command("status"), bot.command("status", "--json")
        retried = bot.command("retry")
        assert bot.stop() == 0
    assert f"Please look at this: {says}" in beside.stdout
    assert (beside.returncode, figures.returncode, retried.returncode) == (1, 1, 1)
    queues = json.loads(figures.stdout)["queues"]
    assert queues["face-undo"] == dict.fromkeys(("ready", "delayed", "in_flight", "dead"))
    assert queues["face-tagging"] == dict.fromkeys(("ready", "delayed", "in_flight", "dead"), 0)
    assert "0 messages are tried again." in retried.stdout
    assert f"face-undo: nothing, as {says}" in retried.stdout
    [line] = [line for line in log(tmp_path).splitlines() if "ERROR" in line and "take messages" in line]
    assert f"UndoTag cannot take messages: {says}" in line
    assert "Traceback" not in log(tmp_path)
    assert file.read_bytes() == DAMAGED
