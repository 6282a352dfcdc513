"""Somebody types /facetag."""

from collections.abc import Callable
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.slack import words
from tagbot.vocabulary import COMMAND


def register(
    app: App,
    status: Callable[[], str],
    retry: Callable[[str, str], str],
    may_retry: Callable[[str, str], bool],
) -> None:
    """Answer so that only who asked sees it; what is not known gets the help."""

    @app.command(COMMAND)
    def facetag_command(ack: Ack, command: dict[str, Any], respond: Respond) -> None:
        ack()
        respond(_answer(command), response_type="ephemeral")

    def _answer(command: dict[str, Any]) -> str:
        match (command.get("text") or "").split():
            case ["status"]:
                return status()
            case ["retry", *target] if len(target) <= 1:
                allowed = may_retry(command["user_id"], command["channel_id"])
                return retry("".join(target), command["user_id"]) if allowed else words.ADMINS_ONLY
            case _:
                return words.HELP
