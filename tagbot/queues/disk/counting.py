"""Questions about a queue's messages, none of which takes longer for 100,000 dead letters."""

from collections import defaultdict

from tagbot.queues.counts import Counts, Failing, Trouble
from tagbot.queues.disk.layout import DEAD, DELAYED, IN_FLIGHT, READY
from tagbot.queues.disk.queue_file import QueueFile
from tagbot.queues.envelope import storable


def counts(file: QueueFile) -> Counts:
    """How many messages are in each state."""
    rows = file.read(
        "SELECT status, count(*) FROM ack_queue_messages WHERE status < 3 GROUP BY status UNION ALL"
        " SELECT status, count(*) FROM ack_queue_messages WHERE status > 2 GROUP BY status"
    )
    number = defaultdict(int, rows)
    return Counts(number[READY], number[DELAYED], number[IN_FLIGHT], number[DEAD])


def troubles(file: QueueFile) -> list[Trouble]:
    """Why messages are delayed or dead, the most frequent reason first."""
    rows = file.read(
        "SELECT status, error, count(*), min(timestamp), min(not_before) FROM ack_queue_messages"
        " WHERE status > 2 GROUP BY status, error ORDER BY count(*) DESC, error"
    )
    return [
        Trouble("delayed", error.decode(), count, since, until)
        if status == DELAYED
        else Trouble("dead", error.decode(), count, since)
        for status, error, count, since, until in rows
    ]


def failing(file: QueueFile) -> Failing:
    """Since when messages fail."""
    # A message that was in flight at a crash or is ready again has not worked yet: its state does not matter.
    [(tried, given_up)] = file.read(
        "SELECT (SELECT min(failing_since) FROM ack_queue_messages"
        " WHERE failing_since IS NOT NULL AND status < 9),"
        " (SELECT max(failing_since) FROM ack_queue_messages"
        " WHERE failing_since IS NOT NULL AND status = 9)"
    )
    return Failing(tried, given_up)


def oldest(file: QueueFile) -> float | None:
    """When the oldest message that is not done was first seen."""
    # Rows are numbered as their messages were first seen, so each state's first one is its oldest.
    [(first_seen,)] = file.read(
        "SELECT min(timestamp) FROM ack_queue_messages WHERE _id IN ("
        " (SELECT min(_id) FROM ack_queue_messages WHERE status = 1 AND status < 3),"
        " (SELECT min(_id) FROM ack_queue_messages WHERE status = 2 AND status < 3),"
        " (SELECT min(_id) FROM ack_queue_messages WHERE status = 3 AND status > 2))"
    )
    return None if first_seen is None else float(first_seen)


def holds(file: QueueFile, message_id: str) -> bool:
    """Whether a message is there, in any state."""
    sql = "SELECT EXISTS (SELECT 1 FROM ack_queue_messages WHERE message_id = ?)"
    return bool(file.read(sql, storable(message_id))[0][0])


def why_dead(file: QueueFile, message_id: str) -> str | None:
    """Why a message is a dead letter; None where it is none."""
    sql = "SELECT error FROM ack_queue_messages WHERE message_id = ? AND status = 9"
    rows = file.read(sql, storable(message_id))
    return rows[0][0].decode() if rows else None
