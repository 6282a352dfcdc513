"""The connection by which Slack reaches the bot: Socket Mode, so that nothing has to be reachable from
outside.

Slack's own client is not used, because it goes silent for up to three seconds whenever Slack renews a
connection, and notices a dead one after a minute or never. Here the library `websockets` keeps the
connections, Bolt works on what comes in, and this module says when to connect again.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from tagbot.errors import Retry
from tagbot.lib.rate_limit import Holds, Pace
from tagbot.settings import Settings, SettingsError
from tagbot.slack.socket_mode.connection import CLOSE_SECONDS, OPEN_SECONDS, Connection
from tagbot.slack.socket_mode.disconnects import BUG, FAILURES, Ending, ending_of
from tagbot.slack.socket_mode.envelopes import Envelopes, bolt_log
from tagbot.slack.socket_mode.link_state import Link, silent_log

log = logging.getLogger(__name__)

CONNECTIONS = 2
"""Slack gives each click to any one of them: while one breaks off, the other goes on."""

LISTENERS = 32
"""Threads for handlers; Bolt's own 5 leave people without an answer when a team clicks at once."""

OPENINGS_PER_SECOND = 45 / 60
OPENINGS_AT_ONCE = 5
"""Slack allows 50 a minute (Tier 3): connections that end as soon as they are open must not use them up."""

OPEN = "apps.connections.open"

IDLE_SECONDS = 2.0
"""How long the end waits for a moment with no envelope in hand: of the three within which Slack waits."""

HANDLER_SECONDS = 3.5
"""After so long no envelope is in hand any more: Bolt waits three seconds for a handler's acknowledgement."""

PLACES_SECONDS = 0.5
"""How long the end waits for connections that are just being opened; while Slack is away, that is in vain."""

LATE_SECONDS = 5.0
"""How long the end opens connections for acknowledgements that are left over: of the ten within which the bot
has to be gone.
"""


def web_client(settings: Settings, timeout: int) -> WebClient:
    """A client without the SDK's retries: they would post twice after a lost connection."""
    return WebClient(
        token=settings.slack_bot_token, base_url=settings.slack_api_url, timeout=timeout, retry_handlers=[]
    )


class SocketMode:
    """Receives what people do in Slack and hands it to the handlers."""

    def __init__(
        self,
        client: WebClient,
        app_token: str,
        register: Callable[[App], None],
        *,
        link: Link | None = None,
        connections: int = CONNECTIONS,
        openings_per_second: float = OPENINGS_PER_SECOND,
    ) -> None:
        """`client` is what the handlers call Slack with."""
        self.link = link or Link()
        """What the operator can know."""
        self._client = client
        self._app_token = app_token
        self._opener = WebClient(
            base_url=client.base_url, timeout=int(OPEN_SECONDS), retry_handlers=[], logger=silent_log()
        )
        self._register = register
        self._listeners = ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener")
        self._envelopes: Envelopes | None = None
        self._closing = threading.Event()
        self._pace = Pace(openings_per_second, self._closing, burst=OPENINGS_AT_ONCE)
        self._holds = Holds()
        self._lock = threading.Lock()
        self._open: list[Connection] = []
        self._late: list[str] = []
        """Acknowledgements for which there was no connection: they are for the next one."""
        self._places = [
            threading.Thread(target=self._fill_place, name=f"socket-mode-{number}", daemon=True)
            for number in range(connections)
        ]

    def connect(self, stop: threading.Event) -> None:
        """Connect, and stay connected until `close`; while Slack is away at the start, wait for it or for
        `stop`. Raises `SettingsError` when Slack refuses a token.
        """
        while not stop.is_set():
            problem = self._prepare()
            if problem is None:
                for place in self._places:
                    place.start()
                return
            if problem.refused_token:
                raise SettingsError([problem.reason])
            self.link.troubled(problem.reason)
            stop.wait(problem.pause)

    def close(self) -> None:
        """Take nothing more from Slack; what is in hand is acknowledged and finished.

        Whatever Slack brings until a connection has really ended is handled like all else.
        """
        self._closing.set()
        self.link.leave()
        if self._envelopes is not None:
            self._end_connections(self._envelopes)
            self._end_places()
            self._acknowledge_late(self._envelopes)
            self._envelopes.close()
        self._listeners.shutdown(wait=True)

    def _end_connections(self, envelopes: Envelopes) -> None:
        """One after the other: until Slack learns that a connection ends, it may bring something that can no
        longer be acknowledged there, but on the next one.
        """
        until = time.monotonic() + IDLE_SECONDS
        endings: list[threading.Thread] = []
        while connection := self._next_open():
            envelopes.wait_until_idle(until - time.monotonic())
            ending = threading.Thread(target=connection.close, name="slack-ending", daemon=True)
            ending.start()
            ending.join(CLOSE_SECONDS / 2)  # longer takes only one that Slack no longer hears
            endings.append(ending)
        for ending in endings:
            ending.join()

    def _end_places(self) -> None:
        """A connection that is opened at this very moment is ended by its place."""
        until = time.monotonic() + PLACES_SECONDS
        for place in self._places:
            if place.is_alive():
                place.join(max(0.0, until - time.monotonic()))

    def _next_open(self) -> Connection | None:
        """Any connection that has not ended, and does not end."""
        with self._lock:
            return next((each for each in self._open if not each.is_ending), None)

    def _acknowledge_late(self, envelopes: Envelopes) -> None:
        """Acknowledge what the last connection brought while it ended, on one that is opened for that.

        It ends at once, as Slack may bring something on it too until it learns of that, and then needs
        another: the shorter each is there, the sooner one brings nothing.
        """
        until = time.monotonic() + LATE_SECONDS
        with suppress(*FAILURES):
            while self._is_behind(envelopes) and time.monotonic() < until and not self._holds.remaining(OPEN):
                self._keep(self._connection())
        if self._late:
            log.warning("an acknowledgement was lost with its connection")

    def _is_behind(self, envelopes: Envelopes) -> bool:
        """Whether acknowledgements are left over, once nothing is in hand."""
        envelopes.wait_until_idle(HANDLER_SECONDS)
        return bool(self._late)

    def _prepare(self) -> Ending | None:
        """Try both tokens, and build what works on envelopes; why not, if that fails."""
        try:
            # Without a name, Bolt looks for one in the source of each caller.
            app = App(
                name="FaceTag",
                client=self._client,
                listener_executor=self._listeners,
                logger=bolt_log(),
            )
            self._address()
        except FAILURES as problem:
            return ending_of(problem)
        self._register(app)
        self._envelopes = Envelopes(app)
        return None

    def _fill_place(self) -> None:
        """Keep one connection open, and open its successor before Slack ends it."""
        with suppress(Retry):  # which the pace raises when the bot stops
            while not self._closing.is_set():
                ending = self._one_connection()
                if ending.pause:
                    self.link.troubled(ending.reason)
                    self._holds.hold(OPEN, ending.pause)

    def _one_connection(self) -> Ending:
        """Open one; why there has to be another, once that is so."""
        self._closing.wait(self._holds.remaining(OPEN))
        self._pace.wait()
        try:
            connection = self._connection()
        except FAILURES as problem:
            return ending_of(problem)
        except Exception:
            log.exception("bug while connecting to Slack")
            return BUG
        self._keep(connection)
        return connection.ending.result()

    def _address(self) -> str:
        """Where to connect: each address is good for one connection."""
        return str(self._opener.apps_connections_open(app_token=self._app_token)["url"])

    def _connection(self) -> Connection:
        return Connection(self._address(), self._take, self._acknowledge, self.link)

    def _keep(self, connection: Connection) -> None:
        """Use it for what is to be acknowledged from now on, and for what waited for it."""
        with self._lock:
            self._open = [each for each in self._open if not each.is_over] + [connection]
            late, self._late = self._late, []
        for text in late:
            self._acknowledge(connection, text)
        if self._closing.is_set():
            connection.close()

    def _take(self, connection: Connection, frame: dict[str, Any]) -> None:
        if self._envelopes is not None:
            self._envelopes.take(frame, lambda text: self._acknowledge(connection, text))

    def _acknowledge(self, asked_on: Connection, text: str) -> None:
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
