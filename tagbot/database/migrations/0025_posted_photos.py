"""Photos that members posted in Slack, so that each is taken in once and told of once."""

from typing import Any

from peewee import CharField, Database, DoubleField, IntegerField, Model, TextField


def up(migrator: Any, db: Database) -> None:
    """Make the table; those whose members are still to be told are found by an index of nothing else."""

    class PostedPhoto(Model):
        id = TextField(primary_key=True)
        member = CharField(32, null=True)
        channel = CharField(32, null=True)
        number = IntegerField(default=1)
        out_of = IntegerField(default=1)
        began_at = DoubleField(index=True)
        sha256 = CharField(64, null=True, index=True)
        outcome = CharField(16, null=True)
        reason = TextField(null=True)
        told_at = DoubleField(null=True)

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([PostedPhoto])
    migrator.migrate(
        migrator.sql("CREATE INDEX posted_photo_untold ON posted_photo (began_at) WHERE told_at IS NULL")
    )
