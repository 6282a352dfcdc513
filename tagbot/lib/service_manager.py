"""Telling systemd how the bot is, where systemd started it (sd_notify(3))."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

ALIVE_SECONDS = 15.0
"""Between two signs of life; deploy/facetag.service waits for 60."""


class ServiceManager:
    """One that waits to hear of the bot; without an address there is none."""

    def __init__(self, address: str | None) -> None:
        """`address` is NOTIFY_SOCKET of the environment: a path, or a name that begins with @."""
        self._address = address and address.replace("@", "\0", 1)

    @contextmanager
    def told(self) -> Iterator[None]:
        """The bot is ready, and lives until the end of the block; then it stops."""
        over = threading.Event()
        thread = threading.Thread(target=self._say_alive, args=(over,), name="service-manager", daemon=True)
        self._say("READY=1")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self._say("STOPPING=1")

    def _say_alive(self, over: threading.Event) -> None:
        while self._address and not over.wait(ALIVE_SECONDS):
            self._say("WATCHDOG=1")

    def _say(self, what: str) -> None:
        if self._address:
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
                to.connect(self._address)
                to.send(what.encode())
