"""The pace that several bots keep together."""

from typing import Any

from peewee import CharField, Database, DoubleField, Model


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Make the table."""

    class Turn(Model):
        name = CharField(64, primary_key=True)
        next_at = DoubleField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([Turn])
