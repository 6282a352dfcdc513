"""Where in the tables a text stands."""

from collections.abc import Iterator

from peewee import BlobField

from tagbot.database.models.bookkeeping import RunningBot
from tagbot.database.tables import TABLES


def columns_with(text: str) -> Iterator[str]:
    """Each with its table; but for what running bots say of themselves every few seconds."""
    for table in TABLES:
        if table is RunningBot:
            continue
        for field in table._meta.sorted_fields:  # noqa: SLF001 - Peewee calls it so
            has_it = field.cast("TEXT").contains(text)
            if not isinstance(field, BlobField) and table.select().where(has_it).exists():
                yield f"{table._meta.table_name}.{field.column_name}"  # noqa: SLF001 - as above


def is_said_by_bot(text: str) -> bool:
    """Whether it is in what a running bot says of itself."""
    return bool(RunningBot.select().where(RunningBot.told.contains(text)).exists())
