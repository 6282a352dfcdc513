"""A round that is over keeps as whom its face was tagged: people said by that who is somebody else."""

from typing import Any

from peewee import Database


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Add the column, empty: of earlier rounds nobody knows it any more."""
    migrator.migrate(
        migrator.sql(
            "ALTER TABLE past_round ADD COLUMN person_id VARCHAR(36)"
            " REFERENCES person (id) ON DELETE SET NULL"
        )
    )
