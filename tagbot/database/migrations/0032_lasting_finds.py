"""What the proof of a forgetting found, and since when."""

from typing import Any

from peewee import Database, TextField


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Add the column. Of those that are over, nothing was found."""
    migrator.migrate(migrator.add_column("forgetting", "found", TextField(default="{}")))
