"""What the machine sees in faces, and what it was sure of."""

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


def up(migrator: Any, db: Database) -> None:
    """Make the tables; each vector of the model gets a number, by which changes are seen."""

    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Face(Table):
        id = CharField(36, primary_key=True)

    class Person(Table):
        id = CharField(36, primary_key=True)

    class FaceVector(Table):
        face = ForeignKeyField(Face, primary_key=True)
        model = CharField(64)
        vector = BlobField()

    class Guess(Table):
        face = ForeignKeyField(Face, index=False)  # the primary key begins with it
        round = IntegerField()
        person = ForeignKeyField(Person, null=True)
        at = DoubleField()
        votes = BooleanField()
        was_right = BooleanField(null=True)
        judged_at = DoubleField(null=True)

        class Meta:
            primary_key = CompositeKey("face", "round")

    db.create_tables([FaceVector, Guess])
    migrator.migrate(
        migrator.add_column("request", "line_up", TextField(null=True)),
        migrator.add_column("trained_vector", "revision", IntegerField(default=0)),
        migrator.sql("CREATE INDEX trained_vector_revision ON trained_vector (revision)"),
        migrator.sql(
            "CREATE INDEX guess_judged ON guess (judged_at) WHERE was_right IS NOT NULL AND NOT votes"
        ),
    )
