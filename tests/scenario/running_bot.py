"""`python bot.py` as a process, as its operator runs it."""

import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tagbot import build
from tagbot.database.opening import connected
from tagbot.monitoring import status_figures
from tagbot.sandbox.driver import Slack
from tagbot.settings import Settings
from tests.clean_environment import clean_environment
from tests.forked import BOT, BotProcess
from tests.world import PORTRAIT_FACE, SIDECAR, astronaut, environment, portrait

PATIENCE = 30.0
"""Seconds for something that takes a bot about one."""


@dataclass
class RunningBot:
    """A bot's process, the folder that it works in, and its operator's commands."""

    process: BotProcess
    data_dir: Path
    slack: Slack
    env: Mapping[str, str]

    def put(self, name: str, content: bytes) -> None:
        """Drop a file into the inbox."""
        (self.data_dir / "inbox" / name).write_bytes(content)

    def put_portrait(self, name: str = "portrait.png") -> None:
        """Drop a photo with its face in a sidecar, so that no recogniser is started to find it."""
        self.put(Path(name).with_suffix(".json").name, SIDECAR)
        self.put(name, astronaut())

    def put_face(self, number: int) -> None:
        """Drop another photo with its face in a sidecar for each number."""
        self.put(f"{number:03}.json", json.dumps({"faces": [{"rectangle": asdict(PORTRAIT_FACE)}]}).encode())
        self.put(f"{number:03}.jpg", portrait(number))

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the operator's commands beside the bot."""
        with tempfile.TemporaryDirectory() as folder:
            output, errors = Path(folder, "output"), Path(folder, "errors")
            env = clean_environment(**self.env)
            code = BotProcess(*arguments, cwd=self.data_dir, env=env, output=output, errors=errors).wait()
            return subprocess.CompletedProcess(arguments, code, output.read_text(), errors.read_text())

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

    @contextmanager
    def looking(self) -> Iterator[Callable[[], dict[str, Any]]]:
        """The same again and again, by the command's own code: to start it for each look takes longest."""
        settings = Settings.from_env(self.env)
        with build.beside(settings) as queues, connected():
            yield lambda: status_figures.collect(queues, build.inbox(settings))

    def wait_for_status(
        self, fits: Callable[[dict[str, Any]], bool], patience: float = PATIENCE
    ) -> dict[str, Any]:
        """The status once it is as wanted."""
        until = time.monotonic() + patience
        with self.looking() as look:
            while not fits(found := look()):
                assert time.monotonic() < until, found
                time.sleep(0.05)  # another process works, of which nothing else tells
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the bot as its operator does; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(12)


@contextmanager
def running_bot(
    data_dir: Path, slack: Slack, program: Path = BOT, /, **variables: str
) -> Iterator[RunningBot]:
    """Start the bot, and wait until it is connected to Slack."""
    (data_dir / "inbox").mkdir(parents=True, exist_ok=True)
    env = environment(data_dir, slack, **variables)
    # Its folder is one where no .env is.
    process = BotProcess(
        cwd=data_dir, env=clean_environment(**env), output=data_dir / "bot.log", program=program
    )
    try:
        slack.wait_for_connections(timeout=PATIENCE)
        yield RunningBot(process, data_dir, slack, env)
    finally:
        process.kill()
        process.wait()


def quiet(status_report: dict[str, Any]) -> bool:
    """Whether no queue holds anything, in any state."""
    return not any(count for counts in status_report["queues"].values() for count in counts.values())
