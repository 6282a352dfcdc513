"""A member's Home shows their last answers: an index finds them."""

from typing import Any

from peewee import Database


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Make the index."""
    migrator.migrate(migrator.sql('CREATE INDEX "vote_tagger_at" ON "vote" ("tagger", "at")'))
