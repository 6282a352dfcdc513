"""From Slack's envelopes to the handlers, and their acknowledgements back."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from slack_bolt import App, BoltResponse
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from tagbot.lib import metrics

log = logging.getLogger(__name__)

WORKERS = 32
"""Threads that wait for acknowledgements, one for each handler that can run at once."""

ACKNOWLEDGED = 200
"""Bolt's status for it, which it takes from HTTP."""

NOT_STORED = 503
"""Of an event that could not be put on its queue: Slack delivers it again, after moments and minutes."""

KINDS = frozenset({"interactive", "slash_commands", "events_api"})
"""Of the envelopes that Slack sends."""

Acknowledge = Callable[[str], None]
"""Sends an acknowledgement, as text."""


def bolt_log() -> logging.Logger:
    """Bolt's log, without its warning that it ignores SLACK_BOT_TOKEN in the environment: the client has
    it.
    """
    bolt = logging.getLogger("tagbot.slack.bolt")
    bolt.setLevel(logging.ERROR)
    return bolt


class Envelopes:
    """Hands envelopes to Bolt, each in a thread: Bolt waits there until a handler acknowledges."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="envelope")
        self._closed = False
        self._in_flight = 0
        self._changed = threading.Condition()

    def take(self, frame: dict[str, Any], acknowledge: Acknowledge) -> None:
        """Begin to work on an envelope, unless this is closed."""
        with self._changed:
            if self._closed:
                log.warning("an envelope came after the end")
                return
            self._in_flight += 1
        self._workers.submit(self._handle, frame, acknowledge, time.time()).add_done_callback(self._done)

    def wait_until_idle(self, seconds: float) -> None:
        """Return as soon as all that was taken is acknowledged, or after so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._in_flight == 0, max(0.0, seconds))

    def close(self) -> None:
        """Take nothing more; return when all that was taken is acknowledged."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._in_flight == 0)
        self._workers.shutdown(wait=True)

    def _done(self, handled: Future[None]) -> None:
        bug = handled.exception()
        if bug is not None:
            log.error("bug while working on an envelope", exc_info=bug)
        with self._changed:
            self._in_flight -= 1
            self._changed.notify_all()

    def _handle(self, frame: dict[str, Any], acknowledge: Acknowledge, came: float) -> None:
        request = SocketModeRequest.from_dict(frame)
        if request is None:
            log.warning("Slack sent an envelope without a payload")
            return
        try:
            self._answer(request, _Client(acknowledge), came)
        finally:
            seconds = time.time() - came
            metrics.ACKNOWLEDGED.observe(seconds, request.type if request.type in KINDS else "other")

    def _answer(self, request: SocketModeRequest, client: "_Client", came: float) -> None:
        response: BoltResponse | None = None
        try:
            response = run_bolt_app(self._app, request)
        finally:
            if response is None or response.status not in (ACKNOWLEDGED, NOT_STORED):
                client.acknowledge(request)  # or Slack would send it again, to no avail
        if response.status == ACKNOWLEDGED:
            send_response(client, request, response, came)
        else:
            log.warning("Bolt could not deal with an envelope: status %s", response.status)


class _Client(BaseSocketModeClient):
    """The connection as Bolt sees it: something that sends."""

    def __init__(self, acknowledge: Acknowledge) -> None:
        self.logger = bolt_log()
        self._acknowledge = acknowledge

    def acknowledge(self, request: SocketModeRequest) -> None:
        """Say that an envelope arrived, and nothing more."""
        self.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    def send_message(self, message: str) -> None:
        """Send an acknowledgement."""
        self._acknowledge(message)
