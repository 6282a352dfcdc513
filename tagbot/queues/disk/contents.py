"""Reading all that lies in a queue that no process works on."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from tagbot.queues.disk.layout import DEAD, DELAYED
from tagbot.queues.disk.queue_file import QueueFile, path_of
from tagbot.queues.envelope import Envelope
from tagbot.queues.interface import Stored

_ALL = """
    SELECT _id, data, timestamp, status, key, attempt, not_before, error, failing_since
    FROM ack_queue_messages
    WHERE status IN (0, 1, 2, 3, 9)
    ORDER BY max(status, 2), iif(status = 3, not_before, 0), _id"""


def disk_messages(directory: Path, name: str) -> Iterator[Stored]:
    """The messages in the order in which they would be handed out, dead letters last. Nothing is changed.

    Raises `Retry` when they cannot be read.
    """
    path = path_of(directory, name)
    if path.exists():
        with closing(QueueFile(path)) as file:
            yield from (_stored(*row) for row in file.stream(_ALL))


def _stored(
    number: int,
    data: Any,
    seen: float,
    status: int,
    key: Any,
    attempt: int,
    not_before: float,
    error: bytes,
    failing_since: float | None,
) -> Stored:
    """A row; a message that was in flight when the bot stopped is ready. An unreadable one becomes JSON that
    is no message either: in whichever queue, it stays a dead letter, or becomes one.
    """
    state = {DELAYED: "delayed", DEAD: "dead"}.get(status, "ready")
    try:
        message = replace(Envelope.from_json(data), seen=float(seen))
        text = message.to_json()
    except ValueError:
        message, text = Envelope("", _legible(key), {}), json.dumps(_legible(data))
    return Stored(
        number, message.id, message.key, text, state, seen, attempt, not_before, error.decode(), failing_since
    )


def _legible(value: Any) -> str:
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
