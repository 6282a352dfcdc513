"""Acknowledgements on their way to Slack, also when the connection that brought an envelope is gone."""

import threading

from tagbot.slack.socket_mode.connection import Connection


class Acknowledgements:
    """The open connections, and the acknowledgements that wait for one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[Connection] = []
        self._late: list[str] = []

    @property
    def are_late(self) -> bool:
        """Whether some wait for the next connection."""
        return bool(self._late)

    def use(self, connection: Connection) -> None:
        """Acknowledge on this connection too from now on, first of all what waited for one."""
        with self._lock:
            self._open = [each for each in self._open if not each.is_over] + [connection]
            late, self._late = self._late, []
        for text in late:
            self.send(connection, text)

    def send(self, asked_on: Connection, text: str) -> None:
        """Answer where Slack asked; if that connection is gone, on another, as Slack's own client does, or on
        the next. Twice is harmless: Slack waits for the first acknowledgement of an envelope only.
        """
        gone: list[Connection] = []
        while True:
            # Locked, so that a connection that comes now is either tried, or finds what waits for it.
            with self._lock:
                there = [each for each in (asked_on, *self._open) if each not in gone]
                if not there:
                    self._late.append(text)
                    return
            if there[0].send(text):
                return
            gone.append(there[0])

    def next_open(self) -> Connection | None:
        """Any connection that has not ended, and does not end."""
        with self._lock:
            return next((each for each in self._open if not each.is_ending), None)
