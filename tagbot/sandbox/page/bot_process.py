"""The bot as a process of its own, which the visitor may kill and start again."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tagbot.lib.installation import PROGRAM
from tagbot.sandbox.page.log_tail import BotLog
from tagbot.sandbox.state import Json

LEASH = Path(__file__).with_name("leash.py")

LONGEST_LINE = 2**20  # bytes of one line of the log: a traceback is one
PATIENCE = 15.0  # seconds; the bot itself takes ten at most


class BotProcess:
    """`python bot.py`, unchanged, with settings of our own.

    `changed` is called when it comes, says something or goes.
    """

    def __init__(self, folder: Path, env: Mapping[str, str], changed: Callable[[], None]) -> None:
        self._folder = folder
        self._env = dict(env)
        self._changed = changed
        self._process: asyncio.subprocess.Process | None = None
        self._ended: asyncio.Task[None] | None = None
        self._wanted = False
        self._code: int | None = None
        self._starting, self._restarting = asyncio.Lock(), asyncio.Lock()
        self.log = BotLog(folder / "bot.log")

    @property
    def pid(self) -> int | None:
        """Of what holds the bot's leash; None when no bot runs."""
        return self._process.pid if self._process else None

    def state(self) -> Json:
        """Whether it runs, and how it ended if it does not."""
        died = self._process is None and self._wanted
        return {
            "running": self._process is not None,
            "restarting": self._restarting.locked(),
            "died": died,
            "code": self._code,
            "log": list(self.log.tail) if died else [],
        }

    def setting(self, name: str) -> str | None:
        """What it is started with the next time."""
        return self._env.get(name)

    async def restart(self, **settings: str) -> None:
        """End it and start it with other settings; one that does not run has them when it is started."""
        self._env |= settings
        if self._process:
            async with self._restarting:
                await self.stop()
                await self.start()
        self._changed()

    async def start(self) -> None:
        """Start it, unless it runs."""
        async with self._starting:
            if not self._process:
                await self._start()

    async def _start(self) -> None:
        self._wanted, self._code = True, None
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(LEASH), sys.executable, *PROGRAM),
            cwd=self._folder,  # where no .env lies
            env=self._env,
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            start_new_session=True,
        )
        self._ended = asyncio.create_task(self._follow(self._process))
        self._changed()

    async def stop(self) -> None:
        """End it as its operator does, and wait until it is gone."""
        self._wanted = False
        self._signal(signal.SIGTERM)
        if self._ended:
            try:
                await asyncio.wait_for(asyncio.shield(self._ended), PATIENCE)
            except TimeoutError:
                self._signal(signal.SIGKILL)
                await self._ended

    async def kill(self) -> None:
        """Kill it as a power cut would."""
        self._signal(signal.SIGKILL)
        if self._ended:
            await self._ended

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                os.killpg(self._process.pid, number)

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        """Read its log until it ends."""
        assert process.stderr is not None  # noqa: S101 - it was asked for
        async for line in process.stderr:
            self.log.add(line.decode(errors="replace").rstrip())
            self._changed()
        self._code = await process.wait()
        self._process = None
        self._changed()
