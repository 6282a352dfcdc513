"""Socket Mode, by which Slack reaches the bot without anything being reachable from outside.

Slack's own client is not used, because it goes silent for up to three seconds whenever Slack renews a
connection, and notices a dead one after a minute or never. Here the library `websockets` keeps the
connections, Bolt works on what comes in, and this module says when to connect again.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from slack_bolt import App

from tagbot.errors import Retry
from tagbot.lib.rate_limit import BackOffs, OwnRateLimit
from tagbot.settings import SettingsError
from tagbot.slack.api import SlackApi, silent_log
from tagbot.slack.socket_mode.acknowledgements import Acknowledgements
from tagbot.slack.socket_mode.connection import OPEN_SECONDS, Connection
from tagbot.slack.socket_mode.connection_state import ConnectionTracker
from tagbot.slack.socket_mode.disconnect_reasons import BUG, FAILURES, Disconnect, disconnect_of
from tagbot.slack.socket_mode.envelopes import Envelopes, bolt_log
from tagbot.slack.socket_mode.lasting_ack import acknowledgements_last
from tagbot.slack.socket_mode.shutdown import shut_down

log = logging.getLogger(__name__)

CONNECTIONS = 2
"""Slack gives each click to any one of them: while one breaks off, the other goes on."""

LISTENERS = 32
"""Threads for handlers; Bolt's own 5 leave people without an answer when a team clicks at once."""

OPENINGS_PER_SECOND = 45 / 60
OPENINGS_AT_ONCE = 5
"""Slack allows 50 a minute (Tier 3): connections that end as soon as they are open must not use them up."""

OPEN = "apps.connections.open"


class SocketMode:
    """Receives what people do in Slack and hands it to the handlers."""

    def __init__(
        self,
        api: SlackApi,
        app_token: str,
        register: Callable[[App], None],
        *,
        tracker: ConnectionTracker | None = None,
        connections: int = CONNECTIONS,
        openings_per_second: float = OPENINGS_PER_SECOND,
    ) -> None:
        """`register` gives Bolt's app the handlers, which call Slack by `api`'s client."""
        self.tracker = tracker or ConnectionTracker()
        """For the operator."""
        self._client = api.client
        self._app_token = app_token
        self._opener = api.without_token(int(OPEN_SECONDS), silent_log())
        self._register = register
        self._listeners = ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener")
        self._envelopes: Envelopes | None = None
        self._closing = threading.Event()
        self._rate_limit = OwnRateLimit(openings_per_second, self._closing, burst=OPENINGS_AT_ONCE)
        self._back_offs = BackOffs()
        self._acknowledgements = Acknowledgements()
        self._keepers = [
            threading.Thread(target=self._keep_connected, name=f"socket-mode-{number}", daemon=True)
            for number in range(connections)
        ]

    def connect(self, stop: threading.Event) -> None:
        """Connect, and stay connected until `close`; while Slack is away at the start, wait for it or for
        `stop`. Raises `SettingsError` when Slack refuses a token.
        """
        while not stop.is_set():
            try:
                self._begin()
            except FAILURES as failure:
                disconnect = disconnect_of(failure)
            else:
                return
            if disconnect.refused_token:
                raise SettingsError([disconnect.reason])
            self.tracker.failed(disconnect.reason)
            stop.wait(disconnect.pause)

    def close(self) -> None:
        """Take nothing more from Slack; what is in flight is acknowledged and finished.

        All that Slack brings until a connection has really ended is handled like the rest.
        """
        self._closing.set()
        self.tracker.stop()
        if self._envelopes is not None:
            shut_down(self._acknowledgements, self._envelopes, self._keepers, self._open_another)
        self._listeners.shutdown(wait=True)

    def _begin(self) -> None:
        """Try both tokens, have the handlers registered, and start connecting."""
        # Without a name, Bolt looks for one in the source of each caller.
        app = App(name="FaceTag", client=self._client, listener_executor=self._listeners, logger=bolt_log())
        app.use(acknowledgements_last)
        self._address()
        self._register(app)
        self._envelopes = Envelopes(app)
        for keeper in self._keepers:
            keeper.start()

    def _keep_connected(self) -> None:
        """Keep one connection open, and open its successor before Slack ends it."""
        with suppress(Retry):  # which the rate limit raises when the bot stops
            while not self._closing.is_set():
                self._closing.wait(self._back_offs.remaining(OPEN))
                self._rate_limit.wait()
                disconnect = self._connect_once()
                if disconnect.pause:
                    self.tracker.failed(disconnect.reason)
                    self._back_offs.back_off(OPEN, disconnect.pause)

    def _connect_once(self) -> Disconnect:
        """Open a connection; returns once it needs a successor."""
        try:
            connection = self._open()
        except FAILURES as failure:
            return disconnect_of(failure)
        except Exception:
            log.exception("bug while connecting to Slack")
            return BUG
        return connection.disconnect.result()

    def _open_another(self) -> bool:
        if self._back_offs.remaining(OPEN):
            return False
        try:
            self._open()
        except FAILURES:
            return False
        return True

    def _open(self) -> Connection:
        """A connection that is used for acknowledgements from now on; at the end, it is closed at once."""
        connection = Connection(self._address(), self._take, self._acknowledgements.send, self.tracker)
        self._acknowledgements.use(connection)
        if self._closing.is_set():
            connection.close()
        return connection

    def _address(self) -> str:
        """Each address is good for one connection."""
        return str(self._opener.apps_connections_open(app_token=self._app_token)["url"])

    def _take(self, connection: Connection, frame: dict[str, Any]) -> None:
        if self._envelopes is not None:
            self._envelopes.take(frame, lambda text: self._acknowledgements.send(connection, text))
