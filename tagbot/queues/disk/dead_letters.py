"""Dead letters: messages that were given up, or never can work. They stay until they are redriven."""

from collections.abc import Callable

from tagbot.queues.disk.queue_file import QueueFile
from tagbot.queues.envelope import storable


def bury(file: QueueFile, row: int, error: str, given_up_at: float | None) -> None:
    """Make a message in flight a dead letter, with its envelope as it is, readable or not."""
    file.write_durably(
        "UPDATE ack_queue_messages SET status = 9, again = 0, error = ?,"
        " failing_since = iif(?, coalesce(failing_since, ?), NULL) WHERE _id = ? AND status = 2",
        storable(error),
        given_up_at is not None,
        given_up_at,
        row,
    )


def redrive(file: QueueFile, key: str | None, written: Callable[[], object] = lambda: None) -> int:
    """Make dead letters ready, in their old places; how many. `written` is as for `put`."""
    return file.write_durably(
        "UPDATE ack_queue_messages SET status = 1, attempt = 1, crashes = 0, failing_since = NULL,"
        " past_errors = substr(past_errors || error || char(10), -4000)"
        " WHERE status = 9 AND status > 2 AND (key = ? OR ?)",
        None if key is None else storable(key),
        key is None,
        written=written,
    )
