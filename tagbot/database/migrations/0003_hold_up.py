"""That the channel was told that tagging is held up."""

from typing import Any

from peewee import BooleanField, Database, DoubleField, Model, TextField


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Make the table."""

    class HoldUp(Model):
        noticed_at = DoubleField(primary_key=True)
        saying = TextField(null=True)
        told = BooleanField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([HoldUp])
