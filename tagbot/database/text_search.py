"""The search for a text in all tables: where it stands, and whether by itself."""

from collections.abc import Iterator
from typing import Any

from peewee import BlobField

from tagbot.database.models.bookkeeping import RunningBot
from tagbot.database.tables import TABLES
from tagbot.lib.mentions import Mentions


def columns_with(text: str) -> Iterator[tuple[str, bool]]:
    """Each with its table, and whether it stands there by itself, or as a part of a longer id alone; but for
    what running bots say of themselves every few seconds.
    """
    alone = Mentions([text], (), ())
    for table in TABLES:
        if table is RunningBot:
            continue
        for field in table._meta.sorted_fields:  # noqa: SLF001 - Peewee calls it so
            if isinstance(field, BlobField):
                continue
            has_it = field.cast("TEXT").contains(text)
            rows: Any = table.select(field.cast("TEXT")).where(has_it).distinct().tuples()
            if values := [str(value) for (value,) in rows]:
                by_itself = any(map(alone.are_in, values))
                yield f"{table._meta.table_name}.{field.column_name}", by_itself  # noqa: SLF001 - as above


def is_said_by_bot(text: str) -> bool:
    """Whether it is in what a running bot says of itself."""
    return bool(RunningBot.select().where(RunningBot.told.contains(text)).exists())
