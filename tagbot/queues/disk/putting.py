"""Storing a message that is put."""

from collections.abc import Callable

from tagbot.queues.disk.queue_file import QueueFile
from tagbot.queues.envelope import Envelope, storable

# A twin is not stored. A message that is put again while it is in flight is handed out once more afterwards:
# its stage may have looked at the world before the reason to put it again came about. A dead letter with the
# same id is the same fact: put again, it is revived with its new fields, in place. So a queue never holds two
# messages of one id, also after a redrive.
_PUT = """
    INSERT INTO ack_queue_messages (data, timestamp, status, message_id, key) VALUES (?, ?, 1, ?, ?)
    ON CONFLICT (message_id) DO UPDATE SET data = excluded.data, key = excluded.key,
        status = iif(status = 9, 1, 2), again = (status = 2),
        attempt = iif(status = 9, 1, attempt), crashes = iif(status = 9, 0, crashes),
        failing_since = iif(status = 9, NULL, failing_since),
        past_errors = iif(status = 9, substr(past_errors || error || char(10), -4000), past_errors)
    WHERE status IN (2, 9)"""


def put(
    file: QueueFile, envelope: Envelope, now: float, written: Callable[[], object] = lambda: None
) -> None:
    """Store it, unless it is ready or delayed already. `written` is called as soon as it can be claimed,
    before the wait for the disk.
    """
    file.write_durably(
        _PUT, envelope.to_json(), now, storable(envelope.id), storable(envelope.key), written=written
    )
