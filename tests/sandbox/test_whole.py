"""`python bot.py --sandbox` as a process, without a browser."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.page.mishaps import processes
from tests.clean_environment import clean_environment

ROOT = Path(__file__).parents[2]
BOT = str(ROOT / "bot.py")

ENV_FILE = """\
SLACK_BOT_TOKEN=xoxb-real
SLACK_APP_TOKEN=xapp-real
SLACK_CHANNEL=C0REAL00001
SLACK_API_URL=https://slack.com/api/
INBOX=/nowhere/inbox
DATABASE_URL=sqlite:////nowhere/tagbot.db
REQUIRED_VOTES=none
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, BOT, *arguments]


@contextmanager
def sandbox(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Started in a folder that has the `.env` of a real bot; gives the process and the page's address."""
    (folder / ".env").write_text(ENV_FILE)
    with subprocess.Popen(
        command("--sandbox", "--port", "0"),
        cwd=folder,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            _, address, kept = (process.stdout.readline().strip() for _ in range(3))
            assert str(folder) in kept
            yield process, address
        finally:
            process.terminate()


def leash_of(process: "subprocess.Popen[str]") -> int:
    """The process that holds the bot."""
    return next(each.pid for each in processes() if each.parent == process.pid)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_bot_comes_up_whatever_env_says_and_ctrl_c_ends_all_with_code_0(tmp_path: Path) -> None:
    with sandbox(tmp_path) as (process, address):
        Slack(address).wait_for_connections(timeout=30)
        leash = leash_of(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert gone(leash)
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"sandbox"}


@pytest.mark.ci
@pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="Linux alone shows what a process was given"
)
def test_the_switch_of_the_machines_vote_starts_the_bot_anew_with_it(tmp_path: Path) -> None:
    def given(leash: int) -> bool:
        return b"MACHINE_VOTE=earned" in Path(f"/proc/{leash}/environ").read_bytes().split(b"\0")

    with sandbox(tmp_path) as (process, address):
        before = leash_of(process)
        assert not given(before)
        status, told = post(address, "/page/machine_vote", {"on": True})
        assert (status, told["running"]) == (200, True)
        assert gone(before)
        assert given(leash_of(process))
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    with sandbox(tmp_path) as (process, _):
        assert given(leash_of(process)), "the choice is kept"


@pytest.mark.ci
def test_a_second_one_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with sandbox(tmp_path):
        second = subprocess.run(
            command("--sandbox", "--port", "0"),
            cwd=tmp_path,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert second.returncode == 3
    assert "running already" in second.stderr


@pytest.mark.ci
def test_the_bot_does_not_outlive_a_sandbox_that_was_killed(tmp_path: Path) -> None:
    with sandbox(tmp_path) as (process, address):
        Slack(address).wait_for_connections(timeout=30)
        leash = leash_of(process)
        process.kill()
        process.wait(10)
        wait_for(lambda: gone(leash))


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = subprocess.run(
            command("--sandbox", "--port", port),
            cwd=tmp_path,
            env=clean_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert (told.returncode, told.stdout) == (1, "")
    assert f"port {port} cannot be used" in told.stderr


@pytest.mark.parametrize(
    "arguments", [["--port", "4000"], ["--sandbox", "status"], ["--sandbox", "--port", "x"]]
)
def test_what_makes_no_sense_is_refused(arguments: list[str], tmp_path: Path) -> None:
    told = subprocess.run(command(*arguments), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert "usage:" in told.stderr


def post(address: str, path: str, body: object) -> tuple[int, dict[str, object]]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.request("POST", path, json.dumps(body))
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    return answer.status, told


def test_what_the_page_cannot_ask_for_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with sandbox(tmp_path) as (_, address):
        refused = [
            post(address, "/page/samples", {"names": ["../README.md"]}),
            post(address, "/page/samples", {"names": []}),
            post(address, "/page/mishap", {"name": "earthquake", "on": True}),
            post(address, "/page/bot", {"do": "dance"}),
            post(address, "/page/photos", {}),
        ]
    assert [status for status, _ in refused] == [409] * 5
    assert all(str(told["error"]).endswith(".") for _, told in refused)
