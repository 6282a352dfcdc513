"""Objects that live in processes of their own, called from any thread here.

Each process is started with an import of its own and reads its calls from a socket; when the bot is gone,
however it went, the socket ends, and so does the process.

`concurrent.futures` imports the bot's whole program again in each process, breaks as a whole when one is
killed, cannot stop one that hangs, and leaves them behind when the bot is killed. Pebble (5.2) ends with the
bot and stops what hangs, and is as fast. But it too imports the bot's program again; Ctrl-C during a start
prints tracebacks and ends the process; a bot that is killed leaves a warning of Python's resource tracker on
the terminal; one idle process that is killed breaks the pool for good; and the limit of a call begins only
when the process takes it, so that one that is stopped before is waited for without an end.
"""

import contextlib
import functools
import importlib
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import LifoQueue
from typing import Any, Literal

from tagbot.errors import Reject, Retry

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
"""Where a process finds the package `tagbot`."""

END_SECONDS = 1.0
"""For a process to be gone whose socket has ended."""

GONE = (EOFError, OSError)
"""Raised by reading from or writing to a process that is no more."""

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""Of a terminal, in which some libraries print."""

LONGEST_COMPLAINT = 1000
"""Letters of a line that a process prints."""

STOPPING = "the bot is being stopped"

Outcome = tuple[Literal["returned", "raised", "too little memory", "bug"], Any]


class ProcessDied(Retry):
    """A process ended before it answered a call, or took too long for it and was killed."""

    def __init__(self, reason: str, signal_number: int | None) -> None:
        """`signal_number`: by which it ended, None where by none."""
        super().__init__(reason)
        self.signal_number = signal_number


class RemoteError(Exception):
    """A bug in a process; its text is the traceback there."""


class ProcessPool:
    """Up to `count` processes, each with an object of its own; a process starts when it is first needed."""

    def __init__(self, factory: str, *arguments: str, name: str, count: int, time_limit: float) -> None:
        """Nothing starts yet.

        `factory` makes the object from the arguments, written as `package.module:name`; `name` is what an
        operator calls it.
        `time_limit` is in seconds, for one call as for the start.
        """
        self._factory = (factory, *arguments)
        self._name = name
        self._time_limit = time_limit
        self._lock = threading.Lock()
        self._running: set[_Process] = set()
        self._closed = False
        # Last in, first out, so that a running process is used before another is started in a None's place.
        self._idle: LifoQueue[_Process | None] = LifoQueue()
        for _ in range(count):
            self._idle.put(None)

    def call(self, method: str, *arguments: object) -> Any:
        """Call a method of an object that is free, waiting for one.

        Raises what the object raises of `Retry` and `Reject`, `Retry` when the process could not be started
        or had too little memory, `ProcessDied`, and `RemoteError` for any other exception in it.
        """
        with self.reserved() as call:
            return call(method, *arguments)

    @contextlib.contextmanager
    def reserved(self) -> Iterator[Callable[..., Any]]:
        """Several calls, as `call` makes one, of the same object: nobody else has it until the end of the
        block.
        """
        process = self._idle.get()
        try:
            if process is None:
                with self._lock:
                    if self._closed:
                        raise Retry(STOPPING)
                    process = _Process(self._factory, self._name, self._time_limit)
                    self._running.add(process)
                process.start()
            yield functools.partial(self._asked, process)
        finally:
            if process is not None and not process.alive:
                process.end()
                with self._lock:
                    self._running.discard(process)
                process = None
            self._idle.put(process)

    def _asked(self, process: "_Process", method: str, *arguments: object) -> Any:
        try:
            return process.call(method, *arguments)
        except ProcessDied as died:
            if self._closed:  # by which it died
                raise Retry(STOPPING) from died
            raise

    def pids(self) -> set[int]:
        """Of the processes that run now."""
        with self._lock:
            return {process.pid for process in self._running}

    def close(self) -> None:
        """End all processes now; calls in hand and later ones raise `Retry`."""
        with self._lock:
            self._closed = True
            running, self._running = self._running, set()
        for process in running:
            process.kill()
        for process in running:
            process.wait()


class _Process(subprocess.Popen[bytes]):
    """One process, used by one thread at a time."""

    def __init__(self, factory: Sequence[str], name: str, time_limit: float) -> None:
        self.alive = False
        """Whether it can take another call."""
        self._name = name
        self._time_limit = time_limit
        self._connection, theirs = Pipe()
        with theirs:
            # A session of its own: Ctrl-C in a terminal goes to all processes of a session's group, and the
            # bot still wants to finish what is in hand.
            super().__init__(
                [sys.executable, "-m", __name__, str(theirs.fileno()), *factory],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

        threading.Thread(target=self._log_complaints, name=f"stderr of {name}", daemon=True).start()

    def _log_complaints(self) -> None:
        """Have in our log what libraries print there, some of which are not Python's."""
        assert self.stderr is not None  # noqa: S101 - it was asked for
        with self.stderr as lines:
            for line in lines:
                if told := COLOURS.sub("", line.decode(errors="replace")).strip():
                    log.warning("%s's process says: %s", self._name, told[:LONGEST_COMPLAINT])

    def start(self) -> None:
        """Wait until the object is made; raises what its factory raises."""
        try:
            self._outcome_of(lambda: None)
        except BaseException as why:
            self.alive = False  # it has no object
            if isinstance(why, ProcessDied):  # which is no call's fault
                raise Retry(why.reason) from why
            raise

    def call(self, method: str, *arguments: object) -> Any:
        """As `ProcessPool.call`."""
        if (
            not self.alive
        ):  # an earlier call was interrupted: its answer may still come, and is not this one's
            raise ProcessDied(f"{self._name}'s process was interrupted", None)
        return self._outcome_of(lambda: self._connection.send((method, arguments)))

    def end(self) -> None:
        """End it now, and let go of it."""
        self.kill()
        self.wait()
        self._connection.close()

    def _signal_number(self) -> int | None:
        """By which it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):  # it closed its socket, and lives on
            code = self.wait(END_SECONDS)
            return -code if code < 0 else None
        return None

    def _outcome_of(self, send: Callable[[], None]) -> Any:
        late = threading.Event()

        def kill() -> None:
            late.set()
            self.kill()

        # Killing ends a send or a receive that would otherwise wait for ever.
        limit = threading.Timer(self._time_limit, kill)
        limit.start()
        # An answer that nobody fetched, whatever interrupted us, must not reach the next caller.
        self.alive = False
        try:
            send()
            kind, value = self._connection.recv()
            self.alive = True
        except GONE as why:
            end = f"was killed after {self._time_limit:g} s" if late.is_set() else "ended before it answered"
            raise ProcessDied(f"{self._name}'s process {end}", self._signal_number()) from why
        finally:
            limit.cancel()
        if kind == "raised":
            raise value
        if kind == "too little memory":
            raise Retry(f"{self._name} had too little memory")
        if kind == "bug":
            raise RemoteError(value)
        return value


# --- In the process ----------------------------------------------------------------------------------------


def main(descriptor: str, factory: str, *arguments: str) -> None:
    """Make the object, then call its methods, as long as the other side is there."""
    # The bot decides when to end: a supervisor that signals all its processes must not cut off what the bot
    # still finishes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Before numpy is imported: there are as many processes as cores, so each uses one.
    os.putenv("OMP_NUM_THREADS", "1")
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    # Or onnxruntime (1.32) notes an id of this machine below HOME, and tells Microsoft what it is used for.
    os.putenv("ORT_DISABLE_TELEMETRY", "1")

    made: list[object] = []

    def make() -> None:
        module, _, name = factory.partition(":")
        made.append(getattr(importlib.import_module(module), name)(*arguments))

    connection = Connection(int(descriptor))
    with contextlib.suppress(*GONE):
        connection.send(outcome(make))
        while made:
            method, arguments = connection.recv()
            connection.send(outcome(lambda: getattr(made[0], method)(*arguments)))  # noqa: B023 - called at once


def outcome(work: Callable[[], object]) -> Outcome:
    """Do the work, and say what came of it, as it is sent to the other side."""
    try:
        return "returned", work()
    except (Retry, Reject) as why:
        return "raised", why
    except MemoryError:
        return "too little memory", None
    except Exception:  # noqa: BLE001 - the other side raises it again
        return "bug", traceback.format_exc()


if __name__ == "__main__":
    main(*sys.argv[1:])
