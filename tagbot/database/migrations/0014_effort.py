"""How many answers people gave, and by how many clicks, is counted; and faces that are none are found by an
index.
"""

from typing import Any

from peewee import CharField, Database, IntegerField, Model

# Each vote is an answer to a request of its own. A button was one click, a choice from the list two, the form
# two and its fields.
OF_THE_VOTES = (
    "INSERT INTO effort (what, count) SELECT 'answers', count(*) FROM vote HAVING count(*) > 0",
    """INSERT INTO effort (what, count) SELECT 'clicks', sum(CASE
            WHEN answer IN ('not_a_face', 'dont_know') THEN 1
            WHEN name IS NULL THEN 2
            WHEN email IS NULL THEN 3
            ELSE 4 END) FROM vote HAVING count(*) > 0""",
)


def up(migrator: Any, db: Database) -> None:
    """Make the table and the index, and count the votes that are there."""

    class Effort(Model):
        what = CharField(16, primary_key=True)
        count = IntegerField()

        class Meta:
            database = db
            legacy_table_names = False

    db.create_tables([Effort])
    migrator.migrate(
        *(migrator.sql(statement) for statement in OF_THE_VOTES),
        migrator.sql("CREATE INDEX face_is_none ON face (closed_at, id) WHERE reason = 'not_a_face'"),
    )
