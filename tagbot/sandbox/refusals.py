"""How the two sides are told no: the bot by an error code of Slack, a person by a sentence."""

from collections.abc import Sequence
from typing import Any


class SlackError(Exception):
    """The Web API answers `ok: false` with this code."""

    def __init__(self, code: str, messages: Sequence[str] = (), **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.messages = list(messages)
        self.details = details

    def body(self) -> dict[str, Any]:
        """The answer as Slack words it; findings appear twice, as they do there."""
        body: dict[str, Any] = {"ok": False, "error": self.code, **self.details}
        if self.messages and self.code == "invalid_blocks":
            body["errors"] = self.messages
        if self.messages:
            body["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return body


class RateLimited(SlackError):  # noqa: N818 - as Slack calls it
    """HTTP 429: too many calls. `retry_after` in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited")
        self.retry_after = retry_after


class Refused(Exception):  # noqa: N818 - what happened, not an error of ours
    """A person cannot do this, or the control surface cannot: the sentence says why."""
