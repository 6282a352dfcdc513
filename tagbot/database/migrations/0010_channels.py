"""The channel in which each request stands."""

from typing import Any

from peewee import CharField, Database


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Add the columns. Of a request of the version before it is found out when it is needed."""
    migrator.migrate(
        migrator.add_column("face", "channel", CharField(32, null=True)),
        migrator.add_column("past_request", "channel", CharField(32, null=True)),
    )
