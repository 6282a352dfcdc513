"""The tables of the first version, as they were then: later changes have migrations of their own."""

from typing import Any

from peewee import (
    SQL,
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


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Make the tables."""

    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Photo(Table):
        sha256 = CharField(64, primary_key=True)
        source = TextField(null=True)
        taken_at = TextField(null=True)
        width = IntegerField()
        height = IntegerField()
        faces_found = IntegerField()
        received_at = DoubleField()

    class Person(Table):
        id = CharField(36, primary_key=True)
        slack_id = CharField(32, null=True, unique=True)
        name = TextField(null=True)
        email = TextField(null=True)
        name_key = TextField(null=True, unique=True)
        picture_url = TextField(null=True)
        enriched_at = DoubleField(null=True)
        training_ref = TextField(null=True)
        added_at = DoubleField()

    class Face(Table):
        id = CharField(36, primary_key=True)
        photo = ForeignKeyField(Photo)
        left = IntegerField()
        top = IntegerField()
        width = IntegerField()
        height = IntegerField()
        stored_at = DoubleField()
        state = CharField(
            16, constraints=[SQL("CHECK (state IN ('waiting','open','training','tagged','rejected'))")]
        )
        reason = TextField(null=True)
        round = IntegerField()
        pending = TextField(null=True)
        posting_since = DoubleField(null=True)
        crop_file = CharField(32, null=True)
        context_file = CharField(32, null=True)
        message_ts = CharField(32, null=True)
        posted_at = DoubleField(null=True)
        revision = IntegerField()
        shown_revision = IntegerField()
        person = ForeignKeyField(Person, null=True)
        claimed_by = TextField(null=True)
        training_backend = TextField(null=True)
        person_ref = TextField(null=True)
        face_ref = TextField(null=True)
        closed_at = DoubleField(null=True)
        closing_shown_at = DoubleField(null=True)
        tagged_at = DoubleField(null=True)

        class Meta:
            indexes = ((("state", "stored_at", "id"), False), (("person", "state"), False))

    class Vote(Table):
        face = ForeignKeyField(Face)
        tagger = CharField(32)
        answer = TextField()
        round = IntegerField()
        at = DoubleField()

        class Meta:
            primary_key = CompositeKey("face", "tagger")

    class PastRequest(Table):
        face = ForeignKeyField(Face)
        round = IntegerField()
        message_ts = CharField(32)
        reopened_by = CharField(32, null=True)
        shown = BooleanField()

        class Meta:
            primary_key = CompositeKey("face", "round")

    class TrainedVector(Table):
        face_id = CharField(36, primary_key=True)
        person_ref = CharField(36, index=True)
        vector = BlobField()

    db.create_tables([Photo, Person, Face, Vote, PastRequest, TrainedVector])
    # What is under way is few among many: found without looking through them all.
    for index in (
        "face_stale ON face (id) WHERE shown_revision < revision",
        "face_posting ON face (id) WHERE posting_since IS NOT NULL",
        "face_pending ON face (stored_at, id) WHERE pending IS NOT NULL",
    ):
        db.execute_sql(f"CREATE INDEX {index}")  # type: ignore[no-untyped-call]  # peewee's
