"""A request may ask about several faces; what people said about their sameness."""

from typing import Any

from peewee import (
    BooleanField,
    CharField,
    CompositeKey,
    Database,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


def up(migrator: Any, db: Database) -> None:
    """Make the table, and add the columns."""

    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Face(Table):
        id = CharField(36, primary_key=True)

    class DifferentPeople(Table):
        face = ForeignKeyField(Face, index=False)  # the primary key begins with it
        other = ForeignKeyField(Face)

        class Meta:
            primary_key = CompositeKey("face", "other")

    db.create_tables([DifferentPeople])
    migrator.migrate(
        migrator.add_column("face", "number", IntegerField(null=True)),
        migrator.add_column("request", "grid_file", CharField(32, null=True)),
        migrator.add_column("request", "grid_size", IntegerField(null=True)),
        migrator.add_column("request", "past_grids", TextField(null=True)),
        migrator.add_column("past_round", "struck_out", BooleanField(null=True)),
    )
