"""The keys of names by today's rule, which knows that Turkish has an i with a dot and one without."""

from typing import Any

from peewee import Database


def up(migrator: Any, db: Database) -> None:  # noqa: ARG001 - the runner's signature
    """Write those anew that have one of them: beside `i`, each has a capital of its own."""
    anew = "replace(replace(name_key, '\u0131', 'i'), 'i\u0307', 'i')"
    migrator.migrate(
        *(
            migrator.sql(f"UPDATE {table} SET name_key = {anew} WHERE name_key <> {anew}")  # noqa: S608 - no stranger's text
            for table in ("person", "vote")
        )
    )
