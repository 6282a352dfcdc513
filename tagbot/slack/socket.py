"""The connection by which Slack reaches the bot: Socket Mode, so that nothing has to be reachable from
outside.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.error import BoltError
from slack_sdk import WebClient
from slack_sdk.errors import SlackClientError

from tagbot.settings import Settings, SettingsError

log = logging.getLogger(__name__)

LISTENERS = 32
"""Threads for handlers; Bolt's own 5 leave people without an answer when a team clicks at once."""

PING_SECONDS = 2.0
"""Between two pings: a lost connection is noticed after a few of them."""

RECONNECT_SECONDS = 5.0
"""Between two attempts to reach Slack at the start."""

_REFUSED_TOKEN = ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "not_allowed_token_type")


def web_client(settings: Settings, timeout: int) -> WebClient:
    """A client without the SDK's retries: they would post twice after a lost connection."""
    return WebClient(
        token=settings.slack_bot_token, base_url=settings.slack_api_url, timeout=timeout, retry_handlers=[]
    )


class SocketMode:
    """Receives what people do in Slack and hands it to the handlers."""

    def __init__(self, client: WebClient, app_token: str, register: Callable[[App], None]) -> None:
        self._client = client
        self._app_token = app_token
        self._register = register
        self._handler: SocketModeHandler | None = None
        self._listeners = ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener")

    def connect(self, stop: threading.Event) -> None:
        """Connect, trying until it works or the bot stops. Raises `SettingsError` when Slack refuses a
        token.
        """
        while not stop.is_set():
            try:
                self._connect()
            except (BoltError, SlackClientError, OSError) as problem:
                _raise_if_refused(problem)
                log.error(  # noqa: TRY400 - no bug, so no traceback
                    "Slack does not answer (%s); trying again every %.0f s",
                    type(problem).__name__,
                    RECONNECT_SECONDS,
                )
                stop.wait(RECONNECT_SECONDS)
            else:
                log.info("connected to Slack")
                return

    def close(self) -> None:
        """Take nothing more from Slack; what handlers have in hand is finished."""
        if self._handler is not None:
            self._handler.close()  # type: ignore[no-untyped-call]  # Bolt's
        self._listeners.shutdown(wait=True)

    def _connect(self) -> None:
        app = App(client=self._client, listener_executor=self._listeners, logger=_bolt_log())
        self._register(app)
        handler = SocketModeHandler(app, self._app_token, logger=_socket_log(), ping_interval=PING_SECONDS)
        try:
            handler.connect()  # type: ignore[no-untyped-call]  # Bolt's
        except BaseException:
            handler.close()  # type: ignore[no-untyped-call]  # Bolt's
            raise
        self._handler = handler


def _bolt_log() -> logging.Logger:
    """Bolt's log, without its warning that it ignores SLACK_BOT_TOKEN in the environment: the client has
    it.
    """
    bolt = logging.getLogger("tagbot.slack.bolt")
    bolt.setLevel(logging.ERROR)
    return bolt


def _socket_log() -> logging.Logger:
    """The connection's log; below warnings it tells what people sent."""
    socket = logging.getLogger("tagbot.slack.connection")
    socket.setLevel(logging.WARNING)
    return socket


def _raise_if_refused(problem: Exception) -> None:
    text = str(problem)
    if any(code in text for code in _REFUSED_TOKEN):
        variable = "SLACK_APP_TOKEN" if "apps.connections.open" in text else "SLACK_BOT_TOKEN"
        raise SettingsError([f"{variable} is refused by Slack"]) from None
