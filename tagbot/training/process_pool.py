"""Objects that live in processes of their own, called from any thread here.

Not `concurrent.futures`: its children import the bot's whole program again, break all together when one is
killed, cannot be stopped when they hang, and stay when the bot is killed. Here each child is started with an
import of its own and reads its calls from a socket; when the bot is gone, however it went, the socket ends,
and so does the child.
"""

import contextlib
import importlib
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from queue import LifoQueue
from typing import Any, Literal

from tagbot.errors import Reject, Retry

ROOT = Path(__file__).parents[2]
"""Where a child finds the package `tagbot`."""

GONE = (EOFError, OSError)
"""What reading from or writing to a process raises that is no more."""

Outcome = tuple[Literal["returned", "raised", "bug"], Any]


class Children:
    """Up to `count` processes, each with an object of its own; a process starts when it is first needed."""

    def __init__(self, factory: str, *, count: int, time_limit: float) -> None:
        """Nothing starts yet.

        `factory` makes the object, written as `package.module:name`. `time_limit` is in seconds, for one call
        as for the start.
        """
        self._factory = factory
        self._time_limit = time_limit
        self._lock = threading.Lock()
        self._running: set[_Child] = set()
        self._closed = False
        # Places for a child: last in, first out, so that a running one is used before another is started.
        self._places: LifoQueue[_Child | None] = LifoQueue()
        for _ in range(count):
            self._places.put(None)

    def call(self, method: str, *arguments: object) -> Any:
        """Call a method of an object that is free, waiting for one.

        Raises what the object raises of `Retry` and `Reject`, `Retry` when the process died or took too
        long, and `ChildError` for any other exception in it.
        """
        child = self._places.get()
        try:
            if child is None:
                child = self._start()
            return child.call(method, *arguments)
        finally:
            if child is not None and not child.alive:
                self._forget(child)
                child = None
            self._places.put(child)

    def pids(self) -> set[int]:
        """Of the processes that run now."""
        with self._lock:
            return {child.process.pid for child in self._running}

    def close(self) -> None:
        """End all processes now; calls in hand and later ones raise `Retry`."""
        with self._lock:
            self._closed = True
            running, self._running = self._running, set()
        for child in running:
            child.process.kill()
        for child in running:
            child.process.wait()

    def _start(self) -> "_Child":
        with self._lock:
            if self._closed:
                raise Retry("the bot is being stopped")
            child = _Child(self._factory, self._time_limit)
            self._running.add(child)
        try:
            child.receive()  # it says that the object is made
        except BaseException:
            self._forget(child)
            raise
        return child

    def _forget(self, child: "_Child") -> None:
        child.end()
        with self._lock:
            self._running.discard(child)


def _told(kind: str, value: Any) -> Any:
    """What a child's outcome is here."""
    if kind == "raised":
        raise value
    if kind == "bug":
        raise ChildError(value)
    return value


class ChildError(Exception):
    """A bug in a child; its text is the traceback there."""


class _Child:
    """One process, used by one thread at a time."""

    def __init__(self, factory: str, time_limit: float) -> None:
        self.alive = False
        self._time_limit = time_limit
        self._connection, theirs = Pipe()
        with theirs:
            # A session of its own: Ctrl-C in a terminal goes to all processes of a session's group, and the
            # bot still wants to finish what is in hand.
            self.process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno()), factory],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def call(self, method: str, *arguments: object) -> Any:
        """As `Children.call`; when the process can take no more calls, `alive` is False."""
        return self._within_limit(lambda: self._connection.send((method, arguments)))

    def receive(self) -> Any:
        """Wait for the next outcome."""
        return self._within_limit(lambda: None)

    def _within_limit(self, send: Callable[[], None]) -> Any:
        late = threading.Event()

        def kill() -> None:
            late.set()
            self.process.kill()

        # Killing ends a send or a receive that would otherwise wait for ever.
        limit = threading.Timer(self._time_limit, kill)
        limit.start()
        # Whatever interrupts us in between: an answer that nobody fetched must not reach the next caller.
        self.alive = False
        try:
            send()
            outcome: Outcome = self._connection.recv()
            self.alive = True
        except GONE as why:
            reason = (
                f"was killed after {self._time_limit:g} s" if late.is_set() else "ended before it answered"
            )
            raise Retry(f"the face recogniser's process {reason}") from why
        finally:
            limit.cancel()
        return _told(*outcome)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._connection.close()


# --- In the child ------------------------------------------------------------------------------------------


def main(descriptor: str, factory: str) -> None:
    """Make the object, then call its methods, as long as the other side is there."""
    # The bot decides when to end: a supervisor that signals all its processes must not cut off what the bot
    # still finishes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # Before numpy is imported: there are as many processes as cores, so each uses one.
    os.putenv("OMP_NUM_THREADS", "1")
    os.putenv("OPENBLAS_NUM_THREADS", "1")

    connection = Connection(int(descriptor))
    with contextlib.suppress(*GONE):
        made: list[object] = []
        connection.send(_outcome(lambda: made.append(_make(factory))))
        while made:
            method, arguments = connection.recv()
            connection.send(_outcome(lambda: getattr(made[0], method)(*arguments)))  # noqa: B023 - called at once


def _make(factory: str) -> object:
    module, _, name = factory.partition(":")
    return getattr(importlib.import_module(module), name)()


def _outcome(work: Callable[[], object]) -> Outcome:
    try:
        return "returned", work()
    except (Retry, Reject) as why:
        return "raised", why
    except MemoryError:
        return "raised", Retry("the face recogniser had too little memory")
    except Exception:  # noqa: BLE001 - the other side raises it again
        return "bug", traceback.format_exc()


if __name__ == "__main__":
    main(*sys.argv[1:])
