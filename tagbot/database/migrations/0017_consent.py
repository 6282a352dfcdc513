"""What people said about being learned, the questions that they got, and those who are never tagged."""

from typing import Any

from peewee import (
    CharField,
    CompositeKey,
    Database,
    DoubleField,
    ForeignKeyField,
    Model,
    TextField,
)


def up(migrator: Any, db: Database) -> None:
    """Make the tables; faces that wait for a yes are found by an index of nothing else."""

    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Table):
        id = CharField(36, primary_key=True)

    class ConsentText(Table):
        id = CharField(64, primary_key=True)
        text = TextField()
        since = DoubleField()

    class ConsentStatement(Table):
        person = ForeignKeyField(Person, index=False)  # the primary key begins with it
        at = DoubleField()
        said = CharField(16)
        way = TextField()
        text = ForeignKeyField(ConsentText, null=True)

        class Meta:
            primary_key = CompositeKey("person", "at", "said")

    class ConsentQuestion(Table):
        person = ForeignKeyField(Person, primary_key=True)
        text = ForeignKeyField(ConsentText)
        asking_since = DoubleField(null=True)
        channel = CharField(32, null=True)
        message_ts = CharField(32, null=True)
        asked_at = DoubleField(null=True)
        problem = TextField(null=True)
        shows = CharField(16, null=True)

    class OptOut(Table):
        id = CharField(64, primary_key=True)
        key_id = CharField(16)
        since = DoubleField()

    db.create_tables([ConsentText, ConsentStatement, ConsentQuestion, OptOut])
    migrator.migrate(
        migrator.sql("CREATE INDEX face_without_consent ON face (person_id) WHERE reason = 'no_consent'")
    )
