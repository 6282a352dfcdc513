"""Names and addresses stay with the votes until people agree; two people may have one name."""

from typing import Any

from peewee import Database, TextField

from tagbot.lib.names import clean_name, name_key

ONLY_NAMED = (
    "slack_id IS NULL AND training_ref IS NULL AND name_key IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM face WHERE face.person_id = person.id)"
)
"""People whom somebody named, and nobody agreed on."""


def up(migrator: Any, db: Database) -> None:
    """Add the columns, write the names' keys by today's rule, and put people whom nobody agreed on back into
    the votes that named them.
    """
    migrator.migrate(
        *(migrator.add_column("vote", name, TextField(null=True)) for name in ("name", "email", "name_key")),
        migrator.add_index("vote", ("name_key",), False),
        migrator.drop_index("person", "person_name_key"),
        migrator.add_index("person", ("name_key",), False),
    )
    mark = db.param
    rows = db.execute_sql("SELECT id, name, name_key FROM person WHERE name IS NOT NULL").fetchall()  # type: ignore[no-untyped-call]  # peewee's
    for person_id, name, old_key in rows:
        cleaned, key = clean_name(name) or name, old_key and (name_key(name) or old_key)
        if (cleaned, key) != (name, old_key):
            sql = f"UPDATE person SET name = {mark}, name_key = {mark} WHERE id = {mark}"  # noqa: S608 - no stranger's text
            db.execute_sql(sql, (cleaned, key, person_id))  # type: ignore[no-untyped-call]  # as above
    told = ", ".join(
        f"{column} = (SELECT {column} FROM person WHERE id = vote.answer)"  # noqa: S608 - as above
        for column in ("name", "email", "name_key")
    )
    for sql in (
        f"UPDATE vote SET {told} WHERE answer IN (SELECT id FROM person WHERE {ONLY_NAMED})",  # noqa: S608 - as above
        f"DELETE FROM person WHERE {ONLY_NAMED}",  # noqa: S608 - as above
    ):
        db.execute_sql(sql)  # type: ignore[no-untyped-call]  # as above
