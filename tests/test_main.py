"""The command line as a process: exit codes, signals, and what happens before Slack is there."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from peewee import JOIN

from tagbot.commands import COMMANDS
from tagbot.database.models.faces import Face
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected, open_database
from tagbot.main import main
from tagbot.sandbox.driver import Slack, running_slack
from tagbot.vocabulary import State
from tests.clean_environment import clean_environment
from tests.forked import BOT, ROOT
from tests.rekognition.stand_in import running_rekognition
from tests.scenario.running_bot import PATIENCE, quiet, running_bot
from tests.world import SIDECAR, astronaut, environment


def bot(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `python bot.py` in a folder, with no settings but these."""
    return subprocess.run(
        [sys.executable, str(BOT), *arguments],
        cwd=folder,
        env=clean_environment(**settings),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def log(data_dir: Path) -> str:
    return (data_dir / "bot.log").read_text()


def faces(data_dir: Path) -> list[Face]:
    open_database(f"sqlite:///{data_dir}/tagbot.db")
    with connected():
        return list(Face.select(Face, Request).join(Request, JOIN.LEFT_OUTER))


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    told = capsys.readouterr().out
    assert set(COMMANDS) <= {line.split()[0] for line in told.splitlines() if line.startswith("    ")}
    assert {"add", "status", "retry", "export", "check"} <= COMMANDS.keys()


@pytest.mark.process
@pytest.mark.parametrize(
    ("arguments", "needless"),
    [
        (["--help"], {"peewee", "PIL", "slack_sdk", "slack_bolt"}),
        (["export"], {"PIL", "slack_bolt", "apscheduler"}),
        (["status"], {"slack_bolt", "apscheduler", "tqdm"}),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_loads_little_that_it_does_not_need(
    tmp_path: Path, arguments: list[str], needless: set[str]
) -> None:
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", str(BOT), *arguments],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in ran.stderr.splitlines()}
    assert "tagbot.main" in loaded
    assert not loaded & needless


@pytest.mark.parametrize(
    "arguments",
    [
        ["dance"],
        ["add"],
        ["export", "--format", "xml"],
        ["status", "--loud"],
        ["--sandbox", "--port", "65536"],
    ],
)
def test_a_command_line_that_it_does_not_understand_is_told_so(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: " in capsys.readouterr().err


@pytest.mark.process
@pytest.mark.rule("settings-from-environment", "problems-all-at-once")
@pytest.mark.failure("readme-setting-wrong")
def test_without_settings_nothing_starts_and_each_problem_has_a_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("REQUIRED_VOTES=0\nLOG_LEVEL=LOUD\nSLACK_CHANNEL=C0123456789\n")
    ran = bot(tmp_path, LOG_LEVEL="INFO", MAX_ATTEMPTS="never")
    assert (ran.returncode, ran.stdout) == (2, "")
    # .env is read, and what the environment says comes first.
    assert [line.split()[0] for line in ran.stderr.splitlines()] == [
        "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "REQUIRED_VOTES", "MAX_ATTEMPTS",
    ]  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


@pytest.mark.rule("problems-all-at-once")
def test_an_env_file_that_is_no_text_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes("ADMINS=Zoë".encode("latin-1"))
    assert main(["status"]) == 2
    assert capsys.readouterr().err == "FaceTag cannot read its settings: .env is no text in UTF-8\n"


@pytest.mark.process
@pytest.mark.rule("settings-trimmed")
def test_a_mark_that_an_editor_puts_before_an_env_file_is_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("SLACK_CHANNEL=faces\r\n".encode("utf-8-sig"))
    assert "SLACK_CHANNEL should be" in bot(tmp_path).stderr


@pytest.mark.ci
@pytest.mark.rule("settings-trimmed")
@pytest.mark.parametrize("variable", ["SLACK_APP_TOKEN", "SLACK_BOT_TOKEN", "SLACK_API_URL"])
def test_a_newline_behind_a_setting_does_no_harm(tmp_path: Path, stand_in: Slack, variable: str) -> None:
    settings = environment(tmp_path / "data", stand_in)
    ran = bot(tmp_path, "check", **settings | {variable: settings[variable] + "\n"})
    assert "ok    Slack bot token" in ran.stdout
    assert "ok    Slack app token" in ran.stdout


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.rule("settings-trimmed")
def test_a_newline_behind_a_key_of_aws_does_no_harm(tmp_path: Path) -> None:
    with running_rekognition() as rekognition:
        env = rekognition.environment() | {"TRAINING_BACKEND": "rekognition", "DATA_DIR": str(tmp_path)}
        padded = {name: value + "\n" if name.startswith("AWS_") else value for name, value in env.items()}
        ran = bot(tmp_path, "reconcile", **padded)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.rule("no-secret-told")
@pytest.mark.parametrize(
    "arguments",
    [
        ["xoxb-1-hunter2"],
        ["--token", "xapp-1-hunter2"],
        ["status", "hunter2 and more"],
        ["--port", "hunter2 and more"],
        ["migrate", "--to-database", "postgres://bot:hunter2@host/db"],
        ["migrate", "--to-queue", "AKIAHUNTER2HUNTER200"],
    ],
)
def test_a_command_line_that_has_a_secret_in_a_wrong_place_is_told_without_it(
    tmp_path: Path, arguments: list[str]
) -> None:
    ran = bot(tmp_path, *arguments, SLACK_APP_TOKEN="hunter2 and more")
    assert ran.returncode == 2
    assert ran.stderr
    assert "hunter2" not in (ran.stderr + ran.stdout).lower()


@pytest.mark.rule("problems-all-at-once")
@pytest.mark.failure("token-refused")
@pytest.mark.parametrize("variable", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_a_token_that_slack_refuses_ends_the_bot_naming_the_variable(
    tmp_path: Path, stand_in: Slack, variable: str
) -> None:
    prefix = "xoxb" if "BOT" in variable else "xapp"
    settings = environment(tmp_path / "data", stand_in) | {variable: f"{prefix}-of-somebody-else"}
    ran = bot(tmp_path, **settings)
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1].startswith(f"{variable} is refused by Slack")
    assert "Traceback" not in ran.stderr
    assert "somebody-else" not in ran.stderr


@pytest.mark.ci
@pytest.mark.rule("shared-channel")
@pytest.mark.failure("channel-shared")
@pytest.mark.parametrize("slack_is_away_at_first", [False, True])
def test_a_shared_channel_ends_the_bot_in_one_line(
    tmp_path: Path, stand_in: Slack, slack_is_away_at_first: bool
) -> None:
    stand_in.set_channel(is_ext_shared=True)
    if slack_is_away_at_first:
        stand_in.fail("conversations.info", status=503)
    ran = bot(tmp_path, **environment(tmp_path / "data", stand_in))
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1].startswith("SLACK_CHANNEL is shared with another organisation")
    assert sum("SLACK_CHANNEL" in line for line in ran.stderr.splitlines()) == 1
    assert "Traceback" not in ran.stderr


@pytest.mark.rule("shared-channel")
def test_a_bot_that_is_allowed_to_runs_in_a_shared_channel(tmp_path: Path, stand_in: Slack) -> None:
    stand_in.set_channel(is_ext_shared=True)
    with running_bot(tmp_path, stand_in, ALLOW_SHARED_CHANNEL="yes") as running:
        stand_in.wait_for_connections()
        assert running.stop(signal.SIGTERM) == 0


@pytest.mark.rule("told-to-stop", "second-bot-refused")
@pytest.mark.failure("second-bot")
def test_a_second_bot_is_refused_and_the_first_finishes_what_it_has_in_hand(
    tmp_path: Path, stand_in: Slack
) -> None:
    stand_in.fail("chat.postMessage", delay=1.5)
    with running_bot(tmp_path, stand_in) as first:
        second = bot(tmp_path, **first.env)
        assert second.returncode == 3
        assert second.stderr.splitlines()[-1].startswith("FaceTag is running already on this DATA_DIR: ")
        assert "Traceback" not in second.stderr

        first.put_portrait()
        stand_in.wait_for(lambda: stand_in.calls("chat.postMessage") or None, "the post", timeout=PATIENCE)
        started = time.monotonic()
        assert first.stop(signal.SIGTERM) == 0
        assert time.monotonic() - started < 10
    [face] = faces(tmp_path)
    assert face.state == State.OPEN
    assert face.request is not None
    assert [message.ts for message in stand_in.messages()] == [face.request.message_ts]
    assert "FaceTag has stopped" in log(tmp_path)
    assert "did not finish in time" not in log(tmp_path)


@pytest.mark.ci
@pytest.mark.rule("told-to-stop")
def test_ctrl_c_ends_it_in_time_also_while_slack_is_silent(tmp_path: Path, stand_in: Slack) -> None:
    with running_bot(tmp_path, stand_in) as running:
        running.put_portrait()
        request = stand_in.wait_for_message(timeout=PATIENCE)
        stand_in.fail("*", times=None, hang=60.0)
        # A reply by response_url, an update and a look-up all hang.
        stand_in.slash(stand_in.people[0], "/facetag", "help")
        stand_in.click(stand_in.people[0], request.ts, "dont_know")
        started = time.monotonic()
        assert running.stop(signal.SIGINT) == 0
        assert time.monotonic() - started < 10
    stand_in.heal()
    assert "Traceback" not in log(tmp_path)


CHECK = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background, shells have it ignored
from tagbot.main import main
sys.exit(main(["check"]))"""


@pytest.mark.process
def test_ctrl_c_ends_a_command_in_one_line(tmp_path: Path, stand_in: Slack) -> None:
    stand_in.fail("*", times=None, hang=60.0)
    with subprocess.Popen(
        [sys.executable, "-c", CHECK],
        cwd=ROOT,
        env=clean_environment(**environment(tmp_path / "data", stand_in)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as check:
        stand_in.wait_for(stand_in.calls, "a call that hangs", PATIENCE)
        check.send_signal(signal.SIGINT)
        _, complaint = check.communicate(timeout=PATIENCE)
    assert (check.returncode, complaint) == (130, "FaceTag was stopped before it was done.\n")


@pytest.mark.process
def test_letters_that_the_terminal_does_not_know_are_written_out(tmp_path: Path) -> None:
    ran = bot(tmp_path, "backup", "ø.tar", PYTHONIOENCODING="ascii", LC_ALL="C.UTF-8")
    assert (ran.returncode, "Traceback" in ran.stderr) == (1, False)
    assert bot(tmp_path, "status").returncode == 0
    ran = bot(tmp_path, "backup", "ø.tar", PYTHONIOENCODING="ascii", LC_ALL="C.UTF-8")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith("\\xf8.tar has all that was in")


@pytest.mark.rule("stop-told-twice")
def test_told_twice_it_ends_at_once_whatever_it_has_in_hand(tmp_path: Path, stand_in: Slack) -> None:
    with running_bot(tmp_path, stand_in) as running:
        stand_in.fail("chat.postMessage", hang=60.0)
        running.put_portrait()
        stand_in.wait_for(lambda: stand_in.calls("chat.postMessage") or None, "the post", timeout=PATIENCE)
        running.process.send_signal(signal.SIGTERM)
        until = time.monotonic() + PATIENCE
        while "stopping on SIGTERM" not in (tmp_path / "bot.log").read_text():
            assert time.monotonic() < until
            time.sleep(0.02)  # another process works, of which nothing else tells
        started = time.monotonic()
        while running.process.poll() is None and time.monotonic() - started < 12:
            running.process.send_signal(signal.SIGTERM)
            time.sleep(0.1)
        assert running.process.wait(0) == 0
        assert time.monotonic() - started < 6, "seconds, of the ten that it may take over what it has in hand"
    assert "did not finish in time" not in log(tmp_path)


@pytest.mark.ci
@pytest.mark.rule("acknowledged-while-stopping")
def test_every_click_that_came_before_or_while_it_stops_is_acknowledged_and_stored(
    tmp_path: Path, stand_in: Slack
) -> None:
    people = [f"U0MANY{number:03}" for number in range(150)]
    for person in people:
        stand_in.set_member(person, name=person, real_name=person)
    stand_in.set_channel(members=[stand_in.bot_user, *people])
    with running_bot(tmp_path, stand_in, REQUIRED_VOTES="500") as running:
        running.put_portrait()
        request = stand_in.wait_for_message(timeout=PATIENCE)
        told = threading.Event()

        def stop() -> None:
            told.wait(PATIENCE)
            assert running.stop(signal.SIGTERM) == 0

        stopping = threading.Thread(target=stop)
        stopping.start()
        started = 0.0
        acts = {}
        for number, person in enumerate(people):
            acts[person] = stand_in.click(person, request.ts, "not_a_face", wait=False)
            if number == 20:
                told.set()
                started = time.monotonic()
            time.sleep(0.02)  # as fast as a crowd clicks
        stopping.join()
        assert time.monotonic() - started < 10
    ends = {person: stand_in.finished(act) for person, act in acts.items()}
    assert {end.error for end in ends.values()} == {None, "dispatch_failed"}, "Slack finds nobody connected"
    acknowledged = {person for person, end in ends.items() if end.acknowledged}
    with running_bot(tmp_path, stand_in, REQUIRED_VOTES="500") as running:
        running.wait_for_status(quiet)
        running.stop()
    assert taggers(tmp_path) == acknowledged


def taggers(data_dir: Path) -> set[str]:
    open_database(f"sqlite:///{data_dir}/tagbot.db")
    with connected():
        return {vote.tagger for vote in Vote.select()}


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.failure("readme-slack-away", shows="what happens")
def test_photos_are_taken_in_while_slack_is_away_and_asked_about_once_it_is_there(tmp_path: Path) -> None:
    with running_slack() as somewhere:
        settings = environment(tmp_path / "data", somewhere)
        port = int(somewhere.address.rpartition(":")[2])
    (tmp_path / "data/inbox").mkdir(parents=True)
    (tmp_path / "data/inbox/photo.json").write_bytes(SIDECAR)
    (tmp_path / "data/inbox/photo.png").write_bytes(astronaut())
    with (tmp_path / "bot.log").open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, str(BOT)],
            cwd=tmp_path,
            env=clean_environment(**settings),
            stdout=told,
            stderr=told,
        )
    try:
        until = time.monotonic() + PATIENCE
        while (tmp_path / "data/inbox/photo.png").exists():
            assert time.monotonic() < until
            time.sleep(0.05)  # another process works, of which nothing else tells
        with running_slack(port, file_ready_seconds=0.0, rate_limits=0.0) as slack:
            slack.wait_for_connections(timeout=PATIENCE)
            slack.wait_for_message(timeout=PATIENCE)
            process.send_signal(signal.SIGTERM)
            assert process.wait(12) == 0
    finally:
        process.kill()
        process.wait()
    assert "Slack does not answer" in log(tmp_path)
    assert len(faces(tmp_path / "data")) == 1


@pytest.mark.process
@pytest.mark.rule("log-of-libraries")
def test_with_json_what_is_wrong_with_the_settings_is_json_too(tmp_path: Path) -> None:
    ran = bot(tmp_path, LOG_FORMAT="json", REQUIRED_VOTES="none")
    assert ran.returncode == 2
    told = [json.loads(line) for line in ran.stderr.splitlines()]
    assert {each["message"].split()[0] for each in told} == {
        "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_CHANNEL", "REQUIRED_VOTES",
    }  # fmt: skip
    assert {each["level"] for each in told} == {"ERROR"}
    as_text = bot(tmp_path, REQUIRED_VOTES="none")
    assert as_text.stderr.splitlines() == [each["message"] for each in told]
