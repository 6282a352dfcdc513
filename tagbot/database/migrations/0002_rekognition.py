"""What a bot on Amazon Rekognition keeps for its operator."""

from typing import Any

from peewee import CharField, CompositeKey, Database, DoubleField, IntegerField, Model, TextField


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Make the tables."""

    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class BackendCalls(Table):
        month = CharField(7)
        operation = CharField(64)
        count = IntegerField()

        class Meta:
            primary_key = CompositeKey("month", "operation")

    class Notice(Table):
        name = CharField(64, primary_key=True)
        text = TextField()
        since = DoubleField()

    db.create_tables([BackendCalls, Notice])
