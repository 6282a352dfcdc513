"""The service of systemd is as systemd wants it, and hardened."""

import configparser
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tagbot.lib.service_manager import ALIVE_SECONDS
from tagbot.sandbox.driver import Slack
from tests.scenario.running_bot import PATIENCE, running_bot
from tests.source import ROOT

UNIT = ROOT / "deploy/facetag.service"
ANALYZE = shutil.which("systemd-analyze")
MOST_EXPOSED = 20
"""Tenths: what systemd itself calls OK ends at 4.9."""


def unit() -> dict[str, str]:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]  # letters keep their case
    parsed.read(UNIT)
    return dict(parsed["Service"])


@pytest.mark.process
@pytest.mark.rule("service")
@pytest.mark.skipif(not ANALYZE, reason="systemd is not here")
def test_systemd_finds_nothing_wrong_and_little_exposed(tmp_path: Path) -> None:
    assert ANALYZE
    here = tmp_path / "facetag.service"  # the program need not be installed on this machine
    here.write_text(re.sub(r"(?m)^ExecStart=.*$", f"ExecStart={shutil.which('true')}", UNIT.read_text()))
    verified = subprocess.run(
        [ANALYZE, "verify", here], capture_output=True, text=True, check=False, timeout=60
    )
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    judged = subprocess.run(
        [ANALYZE, "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", here],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert judged.returncode == 0, judged.stdout[-200:]


@pytest.mark.rule("service")
def test_it_is_its_own_user_writes_to_its_data_alone_and_is_watched() -> None:
    service = unit()
    assert service["User"] == "facetag"
    assert service["ProtectSystem"] == "strict"
    assert "ReadWritePaths" not in service
    assert (service["StateDirectory"], service["UMask"]) == ("facetag", "0077")
    assert (service["Type"], float(service["WatchdogSec"])) == ("notify", 4 * ALIVE_SECONDS)
    assert service["RestartPreventExitStatus"] == "2 3"


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.rule("service")
def test_the_bot_tells_systemd_that_it_is_ready_and_that_it_stops(
    tmp_path: Path, stand_in: Slack, at_rekognition: dict[str, str]
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        notify = {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        with running_bot(tmp_path / "data", stand_in, **notify, **at_rekognition) as bot:
            assert systemd.recv(100) == b"READY=1"
            until = time.monotonic() + PATIENCE  # its first heartbeat comes a moment later
            while bot.command("status", "--running").stdout != "It runs.\n":
                assert time.monotonic() < until
            assert bot.stop() == 0
            assert systemd.recv(100) == b"STOPPING=1"
            stopped = bot.command("status", "--running")
            assert (stopped.returncode, stopped.stdout.startswith("It does not run")) == (1, True)
