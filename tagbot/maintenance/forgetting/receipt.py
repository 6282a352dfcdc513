"""The receipt of a forgetting, in words: what went, when, and what could not be searched. It names nobody."""

from collections.abc import Iterator
from datetime import UTC, datetime

from tagbot.database.models.forgettings import Forgetting

NOTHING = "Nothing is kept of this person."

KEPT_OUT = "This person's account is kept out from now on: it cannot be chosen any more."

LEFT_TO_BOT = "What is in Slack is left to the bot, which goes on by itself when it runs."


def in_words(forgetting: Forgetting) -> Iterator[str]:
    """Line by line."""
    yield f"Receipt {forgetting.id}"
    yield f"asked for: {_moment(forgetting.asked_at)}"
    if forgetting.searched_at is not None:
        found = "this stays" if forgetting.found_since else "nothing found"
        yield f"everything here searched, {found}: {_moment(forgetting.searched_at)}"
    if forgetting.searched_at is not None:
        yield from (f"stays: {place}" for place in forgetting.found_since)
    if forgetting.finished_at is not None:
        yield f"finished, in Slack too: {_moment(forgetting.finished_at)}"
    for what, number in forgetting.counted.items():
        yield f"{what}: {number}"
    for what in forgetting.not_searched:
        yield f"not searched: {what}"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
