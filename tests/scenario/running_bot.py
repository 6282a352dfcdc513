"""`python bot.py` as a process, as its operator runs it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagbot.sandbox.client import Slack
from tests.world import environment

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds for something that takes a bot about one."""


@dataclass
class RunningBot:
    """A bot's process, the folder that it works in, and its operator's commands."""

    process: subprocess.Popen[bytes]
    data_dir: Path
    slack: Slack
    env: Mapping[str, str]

    def put(self, name: str, content: bytes) -> None:
        """Drop a file into the inbox."""
        (self.data_dir / "inbox" / name).write_bytes(content)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the operator's commands beside the bot."""
        return subprocess.run(
            [sys.executable, "bot.py", *arguments],
            cwd=ROOT,
            env={**os.environ, **self.env},
            capture_output=True,
            text=True,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        """What `status --json` prints."""
        printed = self.command("status", "--json")
        assert printed.returncode == 0, printed.stderr
        return dict(json.loads(printed.stdout))

    def export(self) -> list[dict[str, Any]]:
        """What `export` prints."""
        printed = self.command("export")
        assert printed.returncode == 0, printed.stderr
        return [json.loads(line) for line in printed.stdout.splitlines()]

    def wait_for_status(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The status once it is as wanted."""

        def as_wanted() -> dict[str, Any] | None:
            status = self.status()
            return status if fits(status) else None

        return self.slack.wait_for(as_wanted, "the status to be as wanted", timeout=PATIENCE)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the bot as its operator does; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(12)


@contextmanager
def running_bot(data_dir: Path, slack: Slack, **variables: str) -> Iterator[RunningBot]:
    """Start the bot, and wait until it is connected to Slack."""
    (data_dir / "inbox").mkdir(parents=True, exist_ok=True)
    env = environment(data_dir, slack, **variables)
    with (data_dir / "bot.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "bot.py"], cwd=ROOT, env={**os.environ, **env}, stdout=log, stderr=log
        )
    try:
        slack.wait_for_connections(timeout=PATIENCE)
        yield RunningBot(process, data_dir, slack, env)
    finally:
        process.kill()
        process.wait()


def quiet(status: dict[str, Any]) -> bool:
    """Whether no queue holds anything, in any state."""
    return not any(count for counts in status["queues"].values() for count in counts.values())
