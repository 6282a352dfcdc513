"""Unknown interactions, and failures of handlers: Slack always gets its acknowledgement."""

import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from slack_bolt import Ack, App, BoltResponse, Respond

from tagbot.errors import Reject, Retry
from tagbot.handlers.form_fields import field_of
from tagbot.handlers.where_clicked import tell
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.api_failures import Busy
from tagbot.slack.socket_mode.envelopes import NOT_STORED

log = logging.getLogger(__name__)

ANYTHING = re.compile(".*", re.DOTALL)


def register(app: App, services: Services) -> None:
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
    def unknown_other(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        _note("payload", body)
        if body.get("response_url"):
            respond(words.UNKNOWN_ACT, response_type="ephemeral", replace_original=False)

    @app.event(ANYTHING)
    def unknown_event(body: dict[str, Any]) -> None:
        _note("event", body)

    @app.error
    def failed(
        error: Exception, ack: Ack, body: dict[str, Any], respond: Respond, response: BoltResponse | None
    ) -> None:
        """The only place that deals with what goes wrong in a handler; without a `response`, Slack has been
        acknowledged already.
        """
        told = words.BUSY if isinstance(error, Busy) else words.NOT_DONE
        if response is not None and body.get("type") == "event_callback" and isinstance(error, Retry):
            response.status = NOT_STORED
        elif response is not None:
            told = words.NOT_STORED
            _acknowledge(ack, body, response)
        if isinstance(error, Retry | Reject):
            log.error("a handler could not finish: %s", error.reason)
        else:
            log.error("bug in a handler", exc_info=error)
        if body.get("response_url"):
            respond(told, response_type="ephemeral", replace_original=False)
        elif body.get("type") == "block_actions":
            with suppress(Retry, Reject):  # what failed may be Slack, or the trigger be used up
                tell(told, body, respond, services)


def _acknowledge(ack: Ack, body: Mapping[str, Any], response: BoltResponse) -> None:
    """Let Slack hear what it still waits for; a modal stays open, with what was typed.

    As the handler failed, Bolt sends `response` and not what `ack` is given, as soon as `ack` was called: so
    it is filled in before.
    """
    view = body.get("view") or {} if body.get("type") == "view_submission" else {}
    inputs = [str(each["block_id"]) for each in view.get("blocks") or () if each["type"] == "input"]
    inputs.sort(key=lambda block: not _is_filled(body, block))  # beside what was typed or chosen
    says: dict[str, Any] = (
        {"response_action": "errors", "errors": {inputs[0]: words.NOT_STORED}} if inputs else {}
    )
    filled: BoltResponse = Ack()(**says)  # type: ignore[no-untyped-call]  # Bolt's
    response.headers, response.body, response.status = filled.headers, filled.body, filled.status
    ack(**says)


def _is_filled(body: Mapping[str, Any], block: str) -> bool:
    return any(value for name, value in field_of(body, block).items() if name != "type")


def _note(what: str, body: Mapping[str, Any]) -> None:
    ids = [str(action.get("action_id")) for action in body.get("actions") or ()]
    log.warning("unknown %s from Slack: %s %s", what, body.get("type"), " ".join(ids))
