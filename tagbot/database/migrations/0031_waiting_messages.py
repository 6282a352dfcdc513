"""What a message at SQS says that waits for another attempt, and the handle by which it can be deleted."""

from typing import Any

from peewee import Database, TextField


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Add the columns. Of messages that wait already, nobody knows either."""
    migrator.migrate(
        migrator.add_column("failed_message", "handle", TextField(null=True)),
        migrator.add_column("failed_message", "text", TextField(null=True)),
    )
