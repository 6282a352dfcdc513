"""A database that goes back to an earlier moment, while Slack does not."""

import sqlite3
from contextlib import suppress

# Also one that was about to be posted: its message is found in the channel then, as it has become since.
CHANGED_SINCE = """
    UPDATE request SET revision = revision + 1
    WHERE id IN (SELECT request_id FROM face WHERE state IN ('waiting', 'open', 'training'))"""


def have_open_requests_shown_anew(copied: sqlite3.Connection) -> None:
    """In a copy of a database: by the time that it is used, Slack may show its open requests as closed,
    without the controls that their answers need.
    """
    with suppress(sqlite3.OperationalError):  # a version that has no requests yet
        copied.execute(CHANGED_SINCE)
        copied.commit()
