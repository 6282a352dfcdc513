"""The base of all tables: the database that they are bound to, and text that each database keeps."""

from typing import Any

from peewee import DatabaseProxy, Model, TextField

database = DatabaseProxy()
"""Bound by `tagbot.database.opening.open_database`."""


class Table(Model):
    """A table."""

    class Meta:
        database = database
        legacy_table_names = False


class WrittenText(TextField):
    """Text that people or programs wrote, who may write what no database keeps."""

    def db_value(self, value: str | None) -> str | None:
        """Without NUL, which PostgreSQL refuses, and half letters, which are no Unicode."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """The text with � for each letter that not every database keeps."""
    return text.replace("\0", "�").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def execute(sql: str, *values: Any) -> Any:
    """The cursor of a statement that is written out, with `?` for each value.

    For the statements of each answer alone: Peewee takes 150 to 250 microseconds to write one of them,
    which together is more than the rest of the answer, and SQLite runs it in 6.
    """
    return database.execute_sql(sql.replace("?", database.param), values)
