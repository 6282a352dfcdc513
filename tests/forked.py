"""`python bot.py` as a process of its own, forked from one that has imported all that it needs.

To import it takes a bot longer than all else that it does in most tests. Otherwise nothing is different: it
has a folder, an environment and an exit code of its own, hears signals, and dies of SIGKILL like any other.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from multiprocessing import forkserver
from pathlib import Path

ROOT = Path(__file__).parents[1]
BOT = ROOT / "bot.py"

IMPORTED = [
    "tagbot.app",
    "tagbot.commands.add",
    "tagbot.commands.export",
    "tagbot.commands.retry",
    "tagbot.commands.status",
    "tagbot.aws.s3_api",
    "tagbot.queues.sqs",
    "tagbot.training.local",
    "tagbot.training.rekognition.rekognition_backend",
    "tagbot.database.postgresql",
    "tests.crash.mortal",
]

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(IMPORTED)


class BotProcess:
    """One that runs, with the part of `subprocess.Popen` that tests use."""

    def __init__(
        self,
        *arguments: str,
        cwd: Path,
        env: Mapping[str, str],
        output: Path,
        errors: Path | None = None,
        program: Path = BOT,
    ) -> None:
        """Start it in the folder `cwd`, with just this environment. What it prints is added to the file
        `output`, and what it complains of to `errors`, or to the same.
        """
        with chdir(ROOT):  # where the first one finds what it is to import
            forkserver.ensure_running()
        self._process = _processes.Process(
            target=_run, args=(program, arguments, cwd, dict(env), output, errors or output), daemon=True
        )
        self._process.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code, if it has ended; of one that a signal ended, the signal's number, negative."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended; raises `subprocess.TimeoutExpired` after so many seconds."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(str(BOT), timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()


def _run(
    program: Path, arguments: tuple[str, ...], cwd: Path, env: dict[str, str], output: Path, errors: Path
) -> None:
    """What the new process does."""
    os.environ.clear()
    os.environ.update(env)
    for stream, path in ((sys.stdout, output), (sys.stderr, errors)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), stream.fileno())
    os.chdir(cwd)
    sys.argv = [str(program), *arguments]
    runpy.run_path(str(program), run_name="__main__")
