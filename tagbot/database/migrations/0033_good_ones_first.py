"""Faces that wait and can be seen well are asked about first: they are found by an index of nothing else. So
are those that were set aside without being asked about, which are counted.
"""

from typing import Any

from peewee import Database


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Make the indexes."""
    migrator.migrate(
        migrator.sql(
            # With the state first, or SQLite takes the index of all faces in that state, and reads them.
            "CREATE INDEX face_waits_good ON face (state, stored_at, id)"
            " WHERE state = 'waiting' AND pending IS NULL AND request_id IS NULL"
            " AND width >= 64 AND height >= 64 AND (sharpness IS NULL OR sharpness >= 0.5)"
        ),
        migrator.sql(
            "CREATE INDEX face_never_asked ON face (state) WHERE state = 'rejected' AND closed_at IS NULL"
        ),
    )
