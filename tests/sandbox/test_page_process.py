"""The bot as the sandbox's child: its settings, its leash, its log."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tagbot.database.models.base import execute
from tagbot.database.models.bookkeeping import Effort
from tagbot.database.opening import connected
from tagbot.database.write_lock import writing
from tagbot.lib.estimates import Record
from tagbot.pipeline import PIPELINE
from tagbot.sandbox.page import flow_view, leash, photo_drop
from tagbot.sandbox.page.bot_process import BotProcess
from tagbot.sandbox.page.bot_settings import add_command, bot_environment
from tagbot.sandbox.page.log_tail import BotLog
from tagbot.sandbox.page.machine_vote import VoteSwitch, kept
from tagbot.sandbox.page.mishaps import kill_recognisers, processes
from tagbot.sandbox.page.web_page import ASSETS
from tagbot.sandbox.refusals import Refused
from tagbot.settings import Settings
from tagbot.vocabulary import QueueName

FACE = "3f0c1d52-7a4e-4b1c-9f26-d0b8e4a1c957"

SAYS_ITS_ID_AND_SLEEPS = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"


def entry(stage: str, message_id: str, **more: object) -> str:
    at = "2026-11-23T09:30:00.000Z"
    message = f"{stage} done message={message_id} attempt=1 7 ms"
    line = {"at": at, "message": message, "action": "done", "stage": stage, "message_id": message_id, "ms": 7}
    return json.dumps(line | more)


# --- Settings ----------------------------------------------------------------------------------------------


@pytest.mark.rule("sandbox-same-bot")
def test_no_setting_from_outside_leads_the_bot_to_real_slack_or_real_data(tmp_path: Path) -> None:
    outer = {
        "SLACK_BOT_TOKEN": "xoxb-real",
        "SLACK_APP_TOKEN": "xapp-real",
        "SLACK_CHANNEL": "C0REAL00001",
        "SLACK_API_URL": "https://slack.com/api/",
        "DATA_DIR": "/srv/facetag",
        "MODELS": "/srv/models",
        "DATABASE_URL": "sqlite:////srv/facetag/tagbot.db",
        "INBOX": "/srv/photos",
        "IMAGE_STORE": "/srv/images",
        "TRAINING_BACKEND": "rekognition",
        "HTTPS_PROXY": "http://proxy.example.com:3128",
        "http_proxy": "http://proxy.example.com:3128",
        "REQUIRED_VOTES": "3",
        "PATH": "/usr/bin",
    }
    env = bot_environment(outer, "http://127.0.0.1:4000", tmp_path, tmp_path / "models")
    settings = Settings.from_env(env)
    assert settings.slack_api_url == "http://127.0.0.1:4000/api/"
    assert str(settings.data_dir) == str(tmp_path)
    assert settings.models == tmp_path / "models"
    assert settings.training_backend == "local"
    assert settings.required_votes == 3
    assert "real" not in json.dumps(env)
    assert "/srv" not in json.dumps(env)
    assert "proxy" not in json.dumps(env)
    assert env["PATH"] == "/usr/bin"


def test_how_much_is_asked_at_a_time_and_how_is_the_visitors(tmp_path: Path) -> None:
    chosen = {"MAX_OPEN_REQUESTS": "9", "MAX_GROUP": "5", "LINE_UP": "3", "MACHINE_VOTE": "earned"}
    env = bot_environment(chosen, "http://127.0.0.1:4000", tmp_path, tmp_path)
    assert chosen.items() <= env.items()
    assert bot_environment({}, "http://127.0.0.1:4000", tmp_path, tmp_path)["MAX_OPEN_REQUESTS"] == "4"


@contextmanager
def vote_switch(folder: Path, env: Mapping[str, str]) -> Iterator[VoteSwitch]:
    bot = BotProcess(folder, env, lambda: None)
    yield VoteSwitch(bot, folder / "machine_vote")
    assert not bot.pid
    bot.log.close()


def test_the_choice_of_the_machines_vote_is_kept_and_starts_no_bot_that_does_not_run(tmp_path: Path) -> None:
    file = tmp_path / "machine_vote"
    assert kept(file) == {}
    with vote_switch(tmp_path, {}) as switch:
        seen = [switch.on]
        asyncio.run(switch.set(on=True))
        seen.append(switch.on)
    with vote_switch(tmp_path, kept(file)) as switch:
        seen.append(switch.on)
        asyncio.run(switch.set(on=False))
        seen.append(switch.on)
    assert seen == [False, True, True, False]
    assert kept(file) == {"MACHINE_VOTE": "off"}
    file.write_text("")
    assert kept(file) == {"MACHINE_VOTE": "off"}, "what was damaged gives no vote"


def test_the_command_that_is_shown_takes_back_what_env_files_say_of_folders(tmp_path: Path) -> None:
    shown = add_command({"INBOX": "/srv/photos", "DATABASE_URL": ""}, tmp_path / "my photos")
    assert f"DATA_DIR='{tmp_path}/my photos' INBOX= " in shown
    assert shown.endswith("bot.py add PHOTO…")


# --- The leash ---------------------------------------------------------------------------------------------


def leashed(code: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-I", leash.__file__, sys.executable, "-c", code]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def wait_until_ended(pid: int) -> None:
    deadline = time.monotonic() + 10
    while not ended(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_program_ends_when_who_started_it_is_gone() -> None:
    with leashed(SAYS_ITS_ID_AND_SLEEPS) as process:
        assert process.stdin
        assert process.stdout
        pid = int(process.stdout.readline())
        process.stdin.close()
        wait_until_ended(pid)
        assert process.wait(10) == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_to_the_group_reaches_the_program(number: signal.Signals) -> None:
    with leashed(SAYS_ITS_ID_AND_SLEEPS) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        os.killpg(process.pid, number)
        process.wait(10)
        wait_until_ended(pid)


def test_the_programs_exit_code_is_told_without_a_word_of_the_leashs_own() -> None:
    with leashed("raise SystemExit(3)") as process:
        assert process.wait(10) == 3
        assert process.stderr
        assert process.stderr.read() == b""


# --- The log -----------------------------------------------------------------------------------------------


def test_the_last_messages_through_each_stage_are_remembered(tmp_path: Path) -> None:
    log = BotLog(tmp_path / "bot.log")
    for number in range(6):
        log.add(entry("DetectFaces", f"inbox:{number}", ms=number))
    log.add(entry("StoreFaceTagSql", f"face-tagging:{FACE}:1:U0ANN:1.0"))
    assert [passage["ms"] for passage in log.passages["DetectFaces"]] == [2, 3, 4, 5]
    assert [step["stage"] for step in log.life(FACE)] == ["StoreFaceTagSql"]
    assert log.newest_face == FACE
    log.close()
    assert len((tmp_path / "bot.log").read_text().splitlines()) == 7


def test_a_persons_id_is_not_taken_for_a_faces(tmp_path: Path) -> None:
    log = BotLog(tmp_path / "bot.log")
    log.add(entry("EnrichUser", f"face-enrich-user:{FACE}"))
    assert log.newest_face is None
    log.close()


def test_why_a_message_is_tried_again_is_told(tmp_path: Path) -> None:
    log = BotLog(tmp_path / "bot.log")
    log.add(entry("DetectFaces", "inbox:1", message="DetectFaces retry message=inbox:1 attempt=1 7 ms: busy"))
    assert log.passages["DetectFaces"][0]["why"] == "busy"
    log.close()


def test_words_that_are_no_json_are_kept_for_when_the_bot_dies(tmp_path: Path) -> None:
    log = BotLog(tmp_path / "bot.log")
    log.add("ModuleNotFoundError: No module named 'dlib'")
    log.add("1")
    log.close()
    assert list(log.tail) == ["ModuleNotFoundError: No module named 'dlib'", "1"]


# --- The flow, the samples, the mishaps --------------------------------------------------------------------


def test_the_drawing_has_every_stage_and_queue_of_the_pipeline() -> None:
    drawing = flow_view.drawing()
    assert [stage["stage"] for stage in drawing] == [stage.name for stage in PIPELINE]
    assert {stage["reads"] for stage in drawing} == {"inbox", *QueueName}


def test_the_figures_of_stats_are_collected_every_few_seconds_at_most(tmp_path: Path) -> None:
    figures = flow_view.Figures(bot_environment({}, "http://127.0.0.1:4000", tmp_path, tmp_path))

    def clicks(now: float, *, may_vote: bool = False) -> int:
        read = figures.thread.submit(figures.read, None, may_vote, now)
        return int(read.result()["stats"]["clicks"])

    def click() -> None:
        with connected():
            Effort.add_clicks(1)

    assert clicks(100) == 0
    click()
    assert clicks(100 + flow_view.STATS_SECONDS - 1) == 0
    assert clicks(100 + flow_view.STATS_SECONDS) == 1
    click()
    assert clicks(100 + flow_view.STATS_SECONDS, may_vote=True) == 2, "a switch is answered at once"
    figures.close()


@pytest.mark.parametrize("count", ["many", "", b"\xff"])
def test_a_database_with_what_no_bot_wrote_is_told_of_in_words(tmp_path: Path, count: str | bytes) -> None:
    figures = flow_view.Figures(bot_environment({}, "http://127.0.0.1:4000", tmp_path, tmp_path))

    def read(now: float) -> object:
        return figures.thread.submit(figures.read, None, False, now).result()

    def damage() -> None:
        with connected(), writing():
            execute("UPDATE tally SET count = ?", count)

    read(100)
    figures.thread.submit(damage).result()
    with pytest.raises(flow_view.StrangeDataError, match="they hold what no bot wrote"):
        read(100 + flow_view.STATS_SECONDS)
    figures.close()


def test_the_number_that_the_page_names_earns_the_vote() -> None:
    text = (ASSETS / "score.js").read_text()
    said = re.search(r"right about (\d+) faces", text)
    assert said
    needed = int(said[1])
    assert Record(needed, needed).earns_vote
    assert not Record(needed - 1, needed - 1).earns_vote


def test_the_samples_are_small_and_all_there() -> None:
    files = {path.name: path.stat().st_size for path in photo_drop.SAMPLES.glob("*.jpg")}
    assert set(files) == photo_drop.SAMPLE_PHOTOS.keys() | photo_drop.TEAM_PHOTOS.keys()
    assert max(files.values()) < 100_000
    assert sum(files.values()) < 2_000_000
    text = (photo_drop.SAMPLES / "README.md").read_text()
    first, *_, last = photo_drop.TEAM_PHOTOS
    assert all(f"`{name}`" in text for name in (*photo_drop.SAMPLE_PHOTOS, first, last))


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("a.jpg", "a.jpg"),
        ("../../a.jpg", "a.jpg"),
        (r"C:\photos\a.jpg", "a.jpg"),
        (".hidden.jpg", "hidden.jpg"),
    ],
)
def test_a_file_keeps_its_name_and_no_path(told: str, kept: str) -> None:
    assert photo_drop.safe(told) == kept


@pytest.mark.parametrize("told", ["", "/", "..", "."])
def test_a_file_without_a_name_is_refused(told: str) -> None:
    with pytest.raises(Refused):
        photo_drop.safe(told)


def test_only_recognisers_below_the_bot_are_killed() -> None:
    named = f"{SAYS_ITS_ID_AND_SLEEPS} # tagbot.recognition.recogniser:Recogniser"
    with leashed(named) as ours, leashed(named) as others, leashed(SAYS_ITS_ID_AND_SLEEPS) as plain:
        pids = [int(each.stdout.readline()) for each in (ours, others, plain) if each.stdout]
        assert {pids[0], os.getpid()} <= {process.pid for process in processes()}
        kill_recognisers(ours.pid)
        ours.wait(10)
        wait_until_ended(pids[0])
        assert [ended(pid) for pid in pids] == [True, False, False]
        for each in (others, plain):
            os.killpg(each.pid, signal.SIGKILL)
