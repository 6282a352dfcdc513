"""Faces are counted by the training backend whose model holds them."""

from typing import Any

from peewee import Database


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Add an index of nothing else."""
    migrator.migrate(
        migrator.sql("CREATE INDEX face_in_model ON face (training_backend) WHERE face_ref IS NOT NULL"),
    )
