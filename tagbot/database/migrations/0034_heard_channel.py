"""Until when Slack has told the bots of what people post in the channel."""

from typing import Any

from peewee import CharField, Database, DoubleField, Model


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Make the table. What was posted before, nobody knows to be missed."""

    class HeardChannel(Model):
        channel = CharField(32, primary_key=True)
        until = DoubleField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([HeardChannel])
