"""systemd hears that the bot is ready, that it lives, and that it stops."""

import socket
from pathlib import Path

import pytest

from tagbot.lib import service_manager
from tagbot.lib.service_manager import ServiceManager


@pytest.mark.process
@pytest.mark.rule("service")
@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_it_hears_of_the_start_of_signs_of_life_and_of_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(service_manager, "ALIVE_SECONDS", 0.02)
    address = str(tmp_path / "notify") if kind == "path" else f"@{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address.replace("@", "\0", 1))
        systemd.settimeout(5)
        with ServiceManager(address).told():
            assert [systemd.recv(100) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        while (said := systemd.recv(100)) == b"WATCHDOG=1":
            pass
        assert said == b"STOPPING=1"


def test_without_one_or_with_one_that_is_gone_nothing_happens(tmp_path: Path) -> None:
    for address in (None, str(tmp_path / "gone")):
        with ServiceManager(address).told():
            pass
