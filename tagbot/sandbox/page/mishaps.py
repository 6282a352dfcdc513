"""What the visitor may break at the press of a button, to see that nothing is lost."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from tagbot.sandbox.faults import Fault, Faults
from tagbot.sandbox.page.bot_process import BotProcess
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.socket_server import SocketMode

SLOW, DOWN, BACKEND = "slack_slow", "slack_down", "backend_down"

FAULTS: Mapping[str, Fault] = {
    # Below the three seconds of a trigger, so that the modal still opens.
    SLOW: Fault("*", times=None, delay=1.5),
    DOWN: Fault("*", times=None, status=503),
}

RECOGNISER = b"tagbot.recognition.recogniser:"
"""In the command line of the local backend's processes."""

LOOK_SECONDS = 0.2
"""How often processes of the recogniser are looked for while it is to be down."""


class Mishaps:
    """The faults that are on; each stays until it is switched off."""

    def __init__(
        self, faults: Faults, socket_mode: SocketMode, bot: BotProcess, changed: Callable[[], None]
    ) -> None:
        self._faults = faults
        self._socket_mode = socket_mode
        self._bot = bot
        self._changed = changed
        self._killing: asyncio.Task[None] | None = None

    def state(self) -> dict[str, bool]:
        """Which are on."""
        on = {name: fault in self._faults.waiting for name, fault in FAULTS.items()}
        return {**on, BACKEND: self._killing is not None}

    def set(self, name: str, *, on: bool) -> None:
        """Switch one on or off."""
        if name not in self.state():
            raise Refused(f"There is no fault {name}.")
        if on != self.state()[name]:
            self._set_backend(on=on) if name == BACKEND else self._set_slack(name, on=on)
        self._changed()

    def _set_slack(self, name: str, *, on: bool) -> None:
        if not on:
            self._faults.waiting.remove(FAULTS[name])
            return
        # The newest first: where Slack is down, that it was slow before does not count.
        self._faults.waiting.insert(0, FAULTS[name])
        if name == DOWN:
            self._socket_mode.disconnect("reset")

    def _set_backend(self, *, on: bool) -> None:
        if on:
            self._killing = asyncio.create_task(self._keep_killing())
        elif self._killing:
            self._killing.cancel()
            self._killing = None

    async def _keep_killing(self) -> None:
        """The bot starts a new process of the recogniser for each attempt; none lives to answer."""
        while True:
            if self._bot.pid:
                await asyncio.to_thread(kill_recognisers, self._bot.pid)
            await asyncio.sleep(LOOK_SECONDS)


class Process(NamedTuple):
    """A line of the system's list of processes."""

    pid: int
    parent: int
    command: bytes


def kill_recognisers(bot: int) -> None:
    """Kill every process of the recogniser that descends from the bot."""
    everything = list(processes())
    family = {bot}
    for _ in range(4):  # the leash, the bot, the recogniser; a list has no order
        family |= {each.pid for each in everything if each.parent in family}
    for each in everything:
        if each.pid in family and RECOGNISER in each.command:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGKILL)


def processes() -> Iterator[Process]:
    """All processes, from Linux's /proc, or from `ps` where there is no such thing (macOS)."""
    return linux_processes() if Path("/proc/self/stat").exists() else other_processes()


def linux_processes() -> Iterator[Process]:
    """By what the kernel tells of each."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            # The name in brackets may hold anything; the state and the parent stand behind it.
            parent = int((folder / "stat").read_bytes().rpartition(b")")[2].split()[1])
            yield Process(int(folder.name), parent, (folder / "cmdline").read_bytes())


def other_processes() -> Iterator[Process]:
    """By what `ps` prints."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "command="], capture_output=True, check=True
    )
    for line in listed.stdout.splitlines():
        pid, parent, command = line.split(None, 2)
        yield Process(int(pid), int(parent), command)
