"""The operator's commands, as the command line runs them."""

import logging
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tagbot.main import main
from tagbot.sandbox.driver import Slack
from tagbot.settings import variables
from tests.clean_environment import clean_environment
from tests.forked import BOT
from tests.world import environment


@dataclass(frozen=True)
class Ran:
    """What became of a command."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def own_log() -> Iterator[None]:
    """Puts the log back as it was: the command line sets it up for its own process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_log: None
) -> Run:
    """Runs a command in `tmp_path`, with no settings but those given."""
    assert own_log is None
    for _, variable in variables():
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **settings: str) -> Ran:
        for name, value in {"DATA_DIR": str(tmp_path / "data"), **settings}.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        code = main(arguments)
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run


def shown_on_a_terminal(folder: Path, *arguments: str) -> str:
    """What a command that goes well shows beside what it prints, with its data below `folder`."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    try:
        subprocess.run(
            [sys.executable, str(BOT), *arguments],
            env=clean_environment(DATA_DIR=str(folder / "data")),
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            check=True,
        )
        assert select.select([ours], [], [], 0)[0], "nothing was shown"
        return os.read(ours, 4096).decode()
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.fixture
def on_slack(run: Run, tmp_path: Path, stand_in: Slack) -> Run:
    """The same, with the settings of a bot on the stand-in."""

    def run_there(*arguments: str, **settings: str) -> Ran:
        return run(*arguments, **environment(tmp_path / "data", stand_in, **settings))

    return run_there
