"""Photos that people were sent as they are in them, the days of the digest, and when the member who posted a
photo heard that it was given up.
"""

from typing import Any

from peewee import CharField, Database, DoubleField, IntegerField, Model, TextField


def up(migrator: Any, db: Database) -> None:
    """Make the tables, and add the column."""

    class PhotosWish(Model):
        id = TextField(primary_key=True)
        member = CharField(32, index=True)
        channel = CharField(32)
        after = TextField()
        began_at = DoubleField(index=True)
        plan = TextField(null=True)
        posting_since = DoubleField(null=True)
        ended_at = DoubleField(null=True)
        failure_told_at = DoubleField(null=True)

        class Meta:
            database = db
            legacy_table_names = False

    class SentPhoto(Model):
        file = CharField(32, primary_key=True)
        photo = CharField(64, index=True)
        member = CharField(32, index=True)
        wish = TextField(index=True)
        place = IntegerField()
        uploaded_at = DoubleField()
        shared_at = DoubleField(null=True)

        class Meta:
            database = db
            legacy_table_names = False

    class Digest(Model):
        day = CharField(10, primary_key=True)
        posting_since = DoubleField(null=True)
        ended_at = DoubleField(null=True)

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([PhotosWish, SentPhoto, Digest])
    migrator.migrate(migrator.add_column("posted_photo", "failure_told_at", DoubleField(null=True)))
