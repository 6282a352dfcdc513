"""A member's Home shows their last answers; the channel is told once a day what waits for answers."""

from typing import Any

from peewee import BooleanField, CharField, Database, DoubleField, Model


def up(migrator: Any, db: Database) -> None:
    """Add the index by which a member's answers are found, and the table of the digests."""

    class Digest(Model):
        day = CharField(10, primary_key=True)
        begun_at = DoubleField()
        is_done = BooleanField(default=False)

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([Digest])
    migrator.migrate(migrator.sql('CREATE INDEX "vote_tagger_at" ON "vote" ("tagger", "at")'))
