"""Since when messages fail, and what the channel knows of what holds tagging up."""

from typing import Any

from peewee import Database, DoubleField, TextField


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Add the columns. That a queue cannot be used is no longer a notice."""
    migrator.migrate(
        migrator.add_column("failed_message", "failing_since", DoubleField(null=True)),
        migrator.add_column("hold_up", "known", TextField(default="{}")),
        migrator.sql("UPDATE hold_up SET saying = NULL"),  # written otherwise now
        migrator.sql("DELETE FROM notice WHERE substr(name, 1, 6) = 'queue '"),
    )
