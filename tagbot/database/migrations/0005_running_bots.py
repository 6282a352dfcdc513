"""What running bots tell of themselves."""

from typing import Any

from peewee import Database, DoubleField, Model, TextField


def up(migrator: Any, db: Database) -> None:
    """Make the table, and take back what was told elsewhere."""

    class RunningBot(Model):
        id = TextField(primary_key=True)
        seen_at = DoubleField()
        told = TextField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([RunningBot])
    # What was told there until now.
    migrator.migrate(migrator.sql("DELETE FROM notice WHERE name = 'connection to Slack'"))
