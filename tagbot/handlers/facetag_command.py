"""Somebody types /facetag."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot import words

COMMAND = "/facetag"


def register(app: App, status: Callable[[], str]) -> None:
    """Answer so that only who asked sees it; what is not known gets the help."""

    @app.command(COMMAND)
    def facetag_command(ack: Ack, command: dict[str, Any], respond: Respond) -> None:
        ack()
        word = (command.get("text") or "").strip().lower()
        respond(status() if word == "status" else words.HELP, response_type="ephemeral")
