"""Whatever no other handler knows, and whatever a handler fails at: Slack always hears from us."""

import logging
import re
from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App, BoltResponse, Respond

from tagbot import words
from tagbot.blocks import NAME
from tagbot.errors import Retry

log = logging.getLogger(__name__)

ANYTHING = re.compile(".*", re.DOTALL)


def register(app: App) -> None:
    """Register after all other handlers: Bolt asks them in that order."""

    @app.action(ANYTHING)
    def unknown_action(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        _note("action", body)
        if body.get("response_url"):
            respond(words.UNKNOWN_ACT, response_type="ephemeral", replace_original=False)

    @app.command(ANYTHING)
    @app.options(ANYTHING)
    @app.shortcut(ANYTHING)
    @app.view(ANYTHING)
    @app.view_closed(ANYTHING)
    def unknown_other(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        _note("payload", body)

    @app.event(ANYTHING)
    def unknown_event(body: dict[str, Any]) -> None:
        _note("event", body)

    @app.error
    def failed(error: Exception, ack: Ack, body: dict[str, Any], respond: Respond) -> BoltResponse:
        """The only place that deals with what goes wrong in a handler."""
        if body.get("type") == "view_submission":
            ack(response_action="errors", errors={NAME: words.NOT_STORED})  # keeps what was typed
        else:
            ack()
        if isinstance(error, Retry):
            log.error("a handler could not finish: %s", error.reason)
        else:
            log.error("bug in a handler", exc_info=error)
        if body.get("response_url"):
            respond(words.NOT_STORED, response_type="ephemeral", replace_original=False)
        return BoltResponse(status=200)


def _note(what: str, body: Mapping[str, Any]) -> None:
    ids = [str(action.get("action_id")) for action in body.get("actions") or ()]
    log.warning("unknown %s from Slack: %s %s", what, body.get("type"), " ".join(ids))
