"""Claiming a message: it is in flight from then on, until it is settled or the bot crashes."""

from dataclasses import dataclass
from typing import Any

from tagbot.lib.crashes import CRASHED, MAX_CRASHES
from tagbot.queues.disk.queue_file import QueueFile

_CLAIM = """
    UPDATE ack_queue_messages SET status = 2
    WHERE _id = (SELECT _id FROM ack_queue_messages WHERE status = 1 AND status < 3 ORDER BY _id LIMIT 1)
    RETURNING _id, data, attempt, NOT EXISTS (
        SELECT 1 FROM ack_queue_messages AS later
        WHERE status = 1 AND status < 3 AND later._id > ack_queue_messages._id)"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that was ready, and is in flight."""

    row: int
    text: Any
    """Its envelope, which may be unreadable."""
    attempt: int
    is_last: bool
    """Whether nothing else is ready."""


def claim(file: QueueFile) -> Claim | None:
    """Claim the oldest ready message."""
    rows = file.write_and_read(_CLAIM)
    return Claim(*rows[0]) if rows else None


def take_up(file: QueueFile) -> int:
    """Make ready, or bury after too many crashes, the messages that were in flight when the last process
    ended; how many.
    """
    # A crash that a message only waited through speaks for it: the count is of crashes in a row.
    file.write("UPDATE ack_queue_messages SET crashes = 0 WHERE status = 1 AND status < 3 AND crashes > 0")
    return file.write_durably(
        "UPDATE ack_queue_messages SET crashes = crashes + 1, again = 0,"
        " status = iif(crashes + 1 < ?, 1, 9), error = iif(crashes + 1 < ?, error, ?),"
        " failing_since = iif(crashes + 1 < ?, failing_since, NULL)"
        " WHERE status = 2 AND status < 3",
        MAX_CRASHES,
        MAX_CRASHES,
        CRASHED,
        MAX_CRASHES,
    )
