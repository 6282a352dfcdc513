"""Deleting messages for what they say, as somebody is to be forgotten."""

from collections.abc import Callable
from typing import Any

from tagbot.errors import Retry
from tagbot.queues.disk.layout import IN_FLIGHT
from tagbot.queues.disk.queue_file import QueueFile

AT_ONCE = 1000
"""Messages that are in memory at a time."""

_SOME = """
    SELECT _id, status, data, key, message_id, error, past_errors FROM ack_queue_messages
    WHERE _id > ? ORDER BY _id LIMIT ?"""


def drop(file: QueueFile, concerns: Callable[[str], bool]) -> int:
    """Delete those whose text is such, also unreadable ones; how many. Raises `Retry` where one of them is in
    flight: its stage has to be done with it before.
    """
    dropped, last, in_flight = 0, -1, False
    while rows := file.read(_SOME, last, AT_ONCE):
        for row, status, *texts in rows:
            last = row
            if concerns("\n".join(map(_legible, texts))):
                in_flight |= status == IN_FLIGHT
                dropped += file.write("DELETE FROM ack_queue_messages WHERE _id = ? AND status <> 2", row)
    if in_flight:
        raise Retry("a message about somebody who is to be forgotten is being worked on")
    return dropped


def _legible(value: Any) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
