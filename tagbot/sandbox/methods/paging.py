"""Paging with a cursor, as every list of Slack does it."""

import base64
import binascii
from collections.abc import Sequence
from typing import TypeVar

from tagbot.sandbox.arguments import Arguments
from tagbot.sandbox.refusals import SlackError
from tagbot.sandbox.state import Json

T = TypeVar("T")


def page(rows: Sequence[T], args: Arguments, size: int, most: int = 1000) -> tuple[Sequence[T], Json]:
    """The rows of the page that the arguments ask for, and the `response_metadata` that leads on.

    `size` is the page without a `limit`, `most` the largest. An empty `next_cursor` means: that was all.
    """
    limit = args.number("limit", size) or size
    if not 1 <= limit <= most:
        raise SlackError("invalid_limit")
    start = decode(args.text("cursor"))
    following = encode(start + limit) if start + limit < len(rows) else ""
    return rows[start : start + limit], {"response_metadata": {"next_cursor": following}}


def encode(row: int) -> str:
    """A cursor, to be handed back as it is."""
    return base64.b64encode(f"row:{row}".encode()).decode()


def decode(cursor: str) -> int:
    """The row that a cursor leads to."""
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("row:"))
    except (ValueError, binascii.Error):
        raise SlackError("invalid_cursor") from None
