"""Forgetting a person: what is to go, and what has gone; pictures that are kept for a while only."""

from typing import Any

from peewee import (
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    Database,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)

COLUMNS = "face_id, round, person_id, at, votes, was_right, judged_at"


def up(migrator: Any, db: Database) -> None:
    """Make the tables. A guess outlives its face, as the machine's record does."""

    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Forgetting(Table):
        id = CharField(36, primary_key=True)
        way = CharField(16)
        never_again = BooleanField()
        asked_at = DoubleField()
        step = CharField(16)
        part = IntegerField()
        sealed = BlobField(null=True)
        counts = TextField()
        unsearched = TextField()
        searched_at = DoubleField(null=True)
        finished_at = DoubleField(null=True)

    class ToForget(Table):
        forgetting = ForeignKeyField(Forgetting, index=False)  # the primary key begins with it
        kind = CharField(16)
        ref = CharField(200)
        detail = TextField(null=True)
        is_gone = BooleanField()

        class Meta:
            primary_key = CompositeKey("forgetting", "kind", "ref")

    class Person(Table):
        id = CharField(36, primary_key=True)

    class NewGuess(Table):
        face = CharField(36, column_name="face_id")
        round = IntegerField()
        person = ForeignKeyField(Person, null=True)
        at = DoubleField()
        votes = BooleanField()
        was_right = BooleanField(null=True)
        judged_at = DoubleField(null=True)

        class Meta:
            primary_key = CompositeKey("face", "round")

    db.create_tables([Forgetting, ToForget, NewGuess])
    migrator.migrate(
        migrator.sql(f"INSERT INTO new_guess ({COLUMNS}) SELECT {COLUMNS} FROM guess"),  # noqa: S608 - no stranger's text
        migrator.sql("DROP TABLE guess"),
        migrator.sql("ALTER TABLE new_guess RENAME TO guess"),
        migrator.sql(
            "CREATE INDEX guess_judged ON guess (judged_at) WHERE was_right IS NOT NULL AND NOT votes"
        ),
        migrator.add_column("face", "pictures_gone_at", DoubleField(null=True)),
        migrator.add_column("photo", "gone_at", DoubleField(null=True)),
        migrator.add_column("request", "forgotten", IntegerField(default=0)),
        migrator.sql("CREATE INDEX face_with_pictures ON face (closed_at) WHERE pictures_gone_at IS NULL"),
    )
