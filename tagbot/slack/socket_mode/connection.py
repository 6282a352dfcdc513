"""One WebSocket to Slack (docs.slack.dev, apis/events-api/using-socket-mode)."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tagbot.slack.api import silent_log
from tagbot.slack.socket_mode.connection_state import ConnectionTracker
from tagbot.slack.socket_mode.disconnect_reasons import BROKEN, REASONS_OF_SLACK, RENEWED, Disconnect

OPEN_SECONDS = 4.0
"""How long opening may take; Slack takes tenths of a second."""

PING_SECONDS = 2.0
PONG_SECONDS = 4.0
CLOSE_SECONDS = 1.0
"""A connection on which no ping is answered is given up after these three together: seven seconds."""


class Connection:
    """A connection that is read by a thread of its own, from Slack's greeting to the end.

    One that Slack is about to end is read on until it ends: its `disconnect` says early that it needs a
    successor.
    """

    def __init__(
        self,
        url: str,
        take: Callable[["Connection", dict[str, Any]], None],
        unheard: Callable[["Connection", str], None],
        tracker: ConnectionTracker,
    ) -> None:
        """Open it; `take` gets each envelope, `unheard` at the end each frame that Slack may not have got.
        Raises one of `disconnect_reasons.FAILURES`.
        """
        self.disconnect: Future[Disconnect] = Future()
        """Why it needs a successor, as soon as it needs one."""
        self._take = take
        self._unheard = unheard
        self._tracker = tracker
        self._sending = threading.Lock()
        self._sent: list[tuple[str, threading.Event]] = []
        """Frames that Slack may not have got, each with what is set once it has."""
        self._greeted = False
        self._over = False
        self._closing = False
        self._socket = connect(
            url,
            legacy=True,  # one connection, not one after the other: a renewal overlaps with what it renews
            compression=None,
            open_timeout=OPEN_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            close_timeout=CLOSE_SECONDS,
            logger=silent_log(),
        )
        self._reader = threading.Thread(target=self._read, name="slack-connection", daemon=True)
        self._reader.start()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, and what Slack may not have got is given back."""
        return self._over

    @property
    def is_ending(self) -> bool:
        """Whether it has ended, or was told to."""
        return self._closing or self._over

    def send(self, text: str) -> bool:
        """Send a frame; whether the connection was there to send it on.

        A frame that crosses the end of the connection is lost without an error, so a ping goes after it:
        Slack answers that one only once it has got all before it.
        """
        with self._sending:
            try:
                self._socket.send(text)
                heard = self._socket.ping()
            except ConnectionClosed:
                return False
            self._sent = [each for each in self._sent if not each[1].is_set()] + [(text, heard)]
            return True

    def close(self) -> None:
        """End it; returns when it has ended, all that came until then is taken, and what Slack may not have
        got is given back.
        """
        self._closing = True
        self._socket.close()
        self._reader.join()

    def _read(self) -> None:
        try:
            with suppress(ConnectionClosed):
                while True:
                    self._hear(self._socket.recv())
        finally:
            self._end(BROKEN)
            if self._greeted:
                self._tracker.closed(self.disconnect.result().reason)
            self._socket.close()
            with self._sending:  # a later `send` learns that the connection is gone
                unheard = [text for text, heard in self._sent if not heard.is_set()]
            for text in unheard:
                self._unheard(self, text)
            self._over = True

    def _hear(self, text: str | bytes) -> None:
        """One frame; all but JSON objects of known types are passed over."""
        try:
            frame = json.loads(text)
        except ValueError:
            return
        match frame:
            case {"type": "hello"}:
                self._greeted = True
                self._tracker.opened()
            case {"type": "disconnect"}:
                self._end(REASONS_OF_SLACK.get(str(frame.get("reason")), RENEWED))
            case {"envelope_id": _}:
                self._take(self, frame)

    def _end(self, disconnect: Disconnect) -> None:
        """Only the first reason counts."""
        if not self.disconnect.done():
            self.disconnect.set_result(disconnect)
