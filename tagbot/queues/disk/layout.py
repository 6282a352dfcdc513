"""How messages lie in a queue's file: one row each, in one table.

The envelope (id, key and body) is JSON and never changes; state, attempt and the like are columns beside it.
A message whose work is done is deleted.
"""

# persist-queue's states are 0 (new) and 1 (ready), 2 (in flight), 5 (done) and 9 (dead). State 3 is ours:
# persist-queue takes states below 2 and resumes state 2, so that it never touches a delayed message, and a
# message that was in flight at a crash is told apart from one that only waited.
READY, IN_FLIGHT, DELAYED, DEAD = 1, 2, 3, 9

# More columns than persist-queue has, rather than JSON that is rewritten at each attempt: SQL can then group,
# wake and redrive without reading the envelopes, of which some may be unreadable.
CREATE_TABLE = """
    CREATE TABLE IF NOT EXISTS {table_name} (
        {key_column} INTEGER PRIMARY KEY AUTOINCREMENT,
        data BLOB,
        timestamp FLOAT,            -- when the message was first seen
        status INTEGER,
        message_id TEXT,
        key TEXT,
        attempt INTEGER NOT NULL DEFAULT 1,
        delay FLOAT NOT NULL DEFAULT 0,
        not_before FLOAT NOT NULL DEFAULT 0,
        crashes INTEGER NOT NULL DEFAULT 0,
        again INTEGER NOT NULL DEFAULT 0,   -- put once more while in flight
        error TEXT NOT NULL DEFAULT '',
        past_errors TEXT NOT NULL DEFAULT '',
        failing_since FLOAT         -- its first failure in a row
    )"""

ADDED_COLUMNS = ("ALTER TABLE ack_queue_messages ADD COLUMN failing_since FLOAT",)
"""A file of an earlier version lacks them."""

# No question takes longer for 100,000 dead letters, and few pages are written at each step: `moving` stays
# small. A query has to repeat the index's condition, or SQLite does not see that it may use it.
INDEXES = (
    "CREATE INDEX IF NOT EXISTS moving ON ack_queue_messages (status) WHERE status < 3",
    "CREATE INDEX IF NOT EXISTS resting ON ack_queue_messages (status, not_before) WHERE status > 2",
    """CREATE INDEX IF NOT EXISTS troubled ON ack_queue_messages (status, error, timestamp, not_before)
        WHERE status > 2""",
    "CREATE UNIQUE INDEX IF NOT EXISTS by_message_id ON ack_queue_messages (message_id)",
    """CREATE INDEX IF NOT EXISTS failing ON ack_queue_messages (status, failing_since)
        WHERE failing_since IS NOT NULL""",
)
