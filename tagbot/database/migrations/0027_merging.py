"""People can be merged into one, and apart again; an admin can rename them."""

from typing import Any

from peewee import BooleanField, CharField, Database, DoubleField, TextField


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Add the columns, empty; indexes of nothing else find what a merge leaves to do."""
    migrator.migrate(
        migrator.add_column("person", "merged_into", CharField(36, null=True)),
        migrator.add_column("person", "merged_at", DoubleField(null=True)),
        migrator.add_column("person", "renamed_at", DoubleField(null=True)),
        migrator.sql("CREATE INDEX person_merged ON person (id) WHERE merged_into IS NOT NULL"),
        migrator.sql("CREATE INDEX person_renamed ON person (renamed_at) WHERE renamed_at IS NOT NULL"),
        # With a width that is not declared: rows that look wider have SQLite take other indexes.
        migrator.add_column("face", "given_to", TextField(null=True)),
        migrator.add_column("face", "displaced_by", TextField(null=True)),
        migrator.add_column("face", "handed_to", TextField(null=True)),
        migrator.sql("CREATE INDEX face_given_to ON face (given_to) WHERE given_to IS NOT NULL"),
        migrator.sql("CREATE INDEX face_moving ON face (id) WHERE person_ref <> person_id"),
        migrator.sql("CREATE INDEX face_handed_to ON face (id) WHERE handed_to IS NOT NULL"),
        migrator.sql("CREATE INDEX face_displaced ON face (id) WHERE displaced_by <> person_id"),
        migrator.add_column("consent_statement", "by_merge", BooleanField(default=False)),
    )
