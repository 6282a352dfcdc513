"""What is known of messages at Amazon SQS that failed."""

from typing import Any

from peewee import CharField, CompositeKey, Database, DoubleField, IntegerField, Model, TextField


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Make the table."""

    class FailedMessage(Model):
        queue = CharField(64)
        message_id = TextField()
        key = TextField()
        state = CharField(16)
        attempt = IntegerField()
        received = IntegerField()
        error = TextField()
        first_seen = DoubleField()
        not_before = DoubleField()

        class Meta:
            database = db
            legacy_table_names = False
            primary_key = CompositeKey("queue", "message_id")

    db.create_tables([FailedMessage])
