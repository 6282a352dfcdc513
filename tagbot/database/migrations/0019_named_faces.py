"""Names that other programs gave to faces, as keyed hashes, until the faces are asked about."""

from typing import Any

from peewee import CharField, CompositeKey, Database, ForeignKeyField, Model


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Make the table."""

    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Face(Table):
        id = CharField(36, primary_key=True)

    class NamedFace(Table):
        face = ForeignKeyField(Face, index=False, on_delete="CASCADE")  # the primary key begins with it
        name = CharField(64, index=True)

        class Meta:
            primary_key = CompositeKey("face", "name")

    db.create_tables([NamedFace])
