"""How sharp each face is, and which model made each vector."""

from typing import Any

from peewee import CharField, Database, DoubleField


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Add the columns. The vectors that are there were all made by one model."""
    migrator.migrate(
        migrator.add_column("face", "sharpness", DoubleField(null=True)),
        migrator.add_column("trained_vector", "model", CharField(64, index=True, default="dlib-resnet")),
    )
