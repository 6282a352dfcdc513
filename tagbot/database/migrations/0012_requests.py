"""A request is a thing of its own: what belongs to the message in Slack leaves the face."""

from typing import Any

from peewee import CharField, CompositeKey, Database, DoubleField, ForeignKeyField, IntegerField, Model

OF_THE_MESSAGE = (
    "channel", "posting_since", "message_ts", "posted_at", "revision", "shown_revision", "closing_shown_at",
)  # fmt: skip

HAS_ONE = "message_ts IS NOT NULL OR posting_since IS NOT NULL"


def up(migrator: Any, db: Database) -> None:
    """Give each face that was posted, or is being posted, a request of its own; and each round that is over
    the one in which it was asked.
    """

    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Face(Table):
        id = CharField(36, primary_key=True)

    class Request(Table):
        id = CharField(48, primary_key=True)
        channel = CharField(32, null=True)
        posting_since = DoubleField(null=True)
        message_ts = CharField(32, null=True)
        posted_at = DoubleField(null=True)
        revision = IntegerField()
        shown_revision = IntegerField()
        closing_shown_at = DoubleField(null=True)

    class PastRound(Table):
        face = ForeignKeyField(Face, index=False)  # the primary key begins with it
        round = IntegerField()
        request = ForeignKeyField(Request)
        reopened_by = CharField(32, null=True)

        class Meta:
            primary_key = CompositeKey("face", "round")

    db.create_tables([Request, PastRound])
    columns = ", ".join(OF_THE_MESSAGE)
    asked = ForeignKeyField(Request, field=Request.id, null=True)
    migrator.migrate(
        migrator.sql(
            f"INSERT INTO request (id, {columns})"  # noqa: S608 - no stranger's text, here and below
            f" SELECT id || ':' || round, {columns} FROM face WHERE {HAS_ONE}"
        ),
        migrator.sql(
            "INSERT INTO request (id, channel, message_ts, revision, shown_revision)"
            " SELECT face_id || ':' || round, channel, message_ts, 1, CASE WHEN shown THEN 1 ELSE 0 END"
            " FROM past_request"
        ),
        migrator.sql(
            "INSERT INTO past_round (face_id, round, request_id, reopened_by)"
            " SELECT face_id, round, face_id || ':' || round, reopened_by FROM past_request"
        ),
        migrator.sql("DROP TABLE past_request"),
        migrator.add_column("face", "request_id", asked),
        migrator.sql(f"UPDATE face SET request_id = id || ':' || round WHERE {HAS_ONE}"),  # noqa: S608 - as above
        migrator.sql("DROP INDEX face_stale"),
        migrator.sql("DROP INDEX face_posting"),
        *(migrator.sql(f"ALTER TABLE face DROP COLUMN {column}") for column in OF_THE_MESSAGE),
        migrator.sql("CREATE INDEX request_stale ON request (id) WHERE shown_revision < revision"),
        migrator.sql("CREATE INDEX request_posting ON request (id) WHERE posting_since IS NOT NULL"),
    )
