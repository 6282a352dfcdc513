"""The door to Slack's Web API: the only place that builds and calls slack_sdk's `WebClient`."""

import http.client
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError, SlackRequestError
from slack_sdk.web import SlackResponse

from tagbot.errors import Reject, Retry
from tagbot.lib import failpoints, metrics
from tagbot.lib.health import Health
from tagbot.lib.rate_limit import BackOffs, retry_after
from tagbot.settings import Settings
from tagbot.slack.api_failures import Busy, OutcomeUnknown, PictureNotReady, failure_of

T = TypeVar("T")

SLOWEST_UPLOAD = 100_000
"""Bytes a second: over a slower line, a photo of 20 MB is given up and tried again."""

TIMEOUT_SECONDS = 10
"""Of one call. Slack answers in tenths of a second; a longer wait is in vain."""


def silent_log() -> logging.Logger:
    """For Slack's libraries: what fails is told once by those who call them, however often it is tried again,
    and their details hold what people sent.
    """
    silent = logging.getLogger("tagbot.slack.silent")
    silent.setLevel(logging.CRITICAL + 1)
    return silent


class SlackApi:
    """Calls Slack's methods, each once; a failure is a `Retry`, an `OutcomeUnknown` or a `Reject`."""

    def __init__(
        self, token: str, address: str, timeout: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`timeout` in seconds, of one call."""
        # Without the SDK's own retries, which would post twice after a lost connection.
        self.client = WebClient(token, address, timeout=timeout, retry_handlers=[], logger=silent_log())
        """For Bolt."""
        self.clock = clock
        self.health = Health()
        """By method: the failures of now."""
        self._back_offs = BackOffs(clock)

    @classmethod
    def of(
        cls, settings: Settings, timeout: int = TIMEOUT_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> "SlackApi":
        """With the bot's token."""
        return cls(settings.slack_bot_token, settings.slack_api_url, timeout, clock)

    def without_token(self, timeout: int, logger: logging.Logger) -> WebClient:
        """A client of the same Slack for calls that bring a token of their own."""
        return WebClient(base_url=self.client.base_url, timeout=timeout, retry_handlers=[], logger=logger)

    def call(self, method: str, **arguments: Any) -> SlackResponse:
        """Call one of Slack's methods, by Slack's name for it."""
        function: Callable[..., SlackResponse] = getattr(self.client, method.replace(".", "_"))
        return self._call(method, function, arguments)

    def validate(self, kind: str, content: object) -> None:
        """Ask Slack whether it would take `blocks` or a `view`, as `kind` says; raises `Reject` where not."""
        # In the body: the SDK's own function has it in the address, which is no place for so much.
        asked = {"api_method": "blocks.validate", "data": {kind: json.dumps(content)}}
        self._call("blocks.validate", self.client.api_call, asked)

    def pages(self, method: str, *, limit: int = 200, **arguments: Any) -> Iterator[dict[str, Any]]:
        """The pages of a long answer, of at most `limit` each."""
        cursor = ""
        while True:
            answer = self.call(method, limit=limit, cursor=cursor, **arguments)
            page: dict[str, Any] = answer.data if isinstance(answer.data, dict) else {}
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def send_bytes(self, url: str, content: bytes) -> None:
        """Upload a file to where Slack asked for it."""
        self._call("upload", self._upload_file, {"url": url, "data": content})

    def receive(self, bring: Callable[[str, str], None]) -> None:
        """Bring a file from Slack; `bring` is given the bot's token and the address of the Web API."""
        self._call("download", bring, {"token": self.client.token or "", "api": self.client.base_url})

    def _upload_file(self, **arguments: Any) -> None:
        client, seconds = self.client, len(arguments["data"]) / SLOWEST_UPLOAD
        # The SDK has no public name for it, but in one call with all that comes before and after: there,
        # nothing could be noted in between.
        sent = client._upload_file(  # noqa: SLF001 - as said above
            **arguments,
            logger=client._logger,  # noqa: SLF001 - what the SDK passes
            timeout=client.timeout + round(seconds),  # of the whole
            proxy=client.proxy,
            ssl=client.ssl,
        )
        if sent.status != http.HTTPStatus.OK:
            raise SlackRequestError("the picture was not taken")

    def _call(self, method: str, function: Callable[..., T], arguments: Mapping[str, Any]) -> T:
        try:
            answer = self._attempt(method, function, arguments)
        except (Reject, PictureNotReady):
            self.health.worked(method)  # Slack has said what is wrong with what we asked
            raise
        except Retry as why:
            self.health.failed(method, why.reason)
            raise
        self.health.worked(method)
        return answer

    def _attempt(self, method: str, function: Callable[..., T], arguments: Mapping[str, Any]) -> T:
        remaining = self._back_offs.remaining(method)
        if remaining:
            raise Busy(f"{method}: Slack asked us to wait", after=remaining)
        failpoints.reach(failpoints.BEFORE_CALL)
        try:
            answer = function(**arguments)
        except SlackApiError as refused:
            if refused.response.status_code == http.HTTPStatus.TOO_MANY_REQUESTS:
                seconds = retry_after(refused.response.headers)
                self._back_offs.back_off(method, seconds)
                metrics.SLACK_CALLS.add(method, metrics.BUSY)
                raise Busy(f"{method}: rate limited by Slack", after=seconds) from None
            metrics.SLACK_CALLS.add(method, metrics.REFUSED)
            raise failure_of(method, refused.response) from None
        except (SlackClientError, OSError, http.client.HTTPException, UnicodeDecodeError) as lost:
            metrics.SLACK_CALLS.add(method, metrics.NO_ANSWER)
            raise OutcomeUnknown(f"{method}: no answer from Slack ({type(lost).__name__})") from None
        metrics.SLACK_CALLS.add(method, metrics.OK)
        failpoints.reach(failpoints.AFTER_CALL)
        return answer
