"""Moving everything from one database to another, in steps that may be interrupted, compared at the end."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tagbot.database.engine import database_at
from tagbot.database.models.bookkeeping import FailedMessage, Notice, RateLimitState, RunningBot, Tally
from tagbot.database.opening import opened
from tagbot.database.outages import reached
from tagbot.database.tables import TABLES
from tagbot.database.unfinished_copy import MARK, mark_of
from tagbot.errors import Reject
from tagbot.maintenance.transfer import Compared, Content

MOVED = tuple(table for table in TABLES if table not in (RunningBot, RateLimitState))
"""All but what holds for the moment, by the clock of the one database: it is of no use in another."""

COPIED = tuple(table for table in MOVED if table is not Tally)
"""The target keeps its `Tally` by itself."""

BATCH = 500
"""Rows that are written at a time: so many are in memory, and to be copied again after an interruption."""


def move_database(source_url: str, target_url: str) -> list[Compared]:
    """Copy the rows that the target does not have yet, and compare. Nothing should write to the source
    meanwhile: a row that is written while all is copied makes a difference, and while all is compared none
    can be.

    Raises `Reject` when the target holds anything else, and what `tagbot.database.opened` raises.
    """
    with (
        _connection(source_url) as source,
        _connection(target_url, even_unfinished=True) as target,
        target.bind_ctx(TABLES, bind_refs=False, bind_backrefs=False),
    ):
        move = Move(source, target)
        if mark_of(target) is None and any(_rows(target, table) for table in TABLES if table is not Tally):
            return move.compared_again()
        move.mark()
        if not move.has_begun_alike():
            move.empty()  # the source has changed since the last attempt
        move.copy()
        compared = move.compared(MOVED)
        if all(each.is_equal for each in compared):
            Notice.delete().where(Notice.name == MARK).bind(target).execute()
        return compared


@contextmanager
def _connection(url: str, *, even_unfinished: bool = False) -> Iterator[Any]:
    which = database_at(url)
    try:
        with opened(which, even_unfinished=even_unfinished), reached(which):
            which.take_your_time()  # a whole table is read, or removed, at once
            yield which
    finally:
        which.close_idle()


@dataclass(frozen=True, slots=True)
class Move:
    """The steps from one database to another, each of which may be interrupted."""

    source: Any
    target: Any

    def mark(self) -> None:
        """Say in the target what it is, unless it says so already."""
        text = f"this is the unfinished copy of {self.source.title}: `migrate` goes on with it"
        # Another `migrate` may have marked it just before.
        Notice.insert(name=MARK, text=text, since=0.0).on_conflict_ignore().bind(self.target).execute()
        mark = mark_of(self.target)
        if mark != text:
            raise Reject(f"{self.target.title} is another one's: {mark}")

    def has_begun_alike(self) -> bool:
        """Whether the rows that were copied already are still those that the source begins with."""
        return all(
            _content(self.target, table) == _content(self.source, table, _rows(self.target, table))
            for table in COPIED
        )

    def empty(self) -> None:
        """Remove what was copied; the mark stays.

        So does the tally, but not meanwhile: its row would be written anew for each face, and in one
        transaction PostgreSQL looks through all that it was before. That is quadratic, and never ended.
        """
        with self.target.atomic():
            counted = [{"what": row.what, "count": 0} for row in Tally.select().bind(self.target)]
            Tally.delete().bind(self.target).execute()
            for table in reversed(COPIED):
                _but_for_mark(table, table.delete()).bind(self.target).execute()
            Tally.insert_many(counted).bind(self.target).execute()

    def copy(self) -> None:
        """Each table from where it was left; those that others refer to come first."""
        for table in COPIED:
            rows = self.source.streamed(_all(table).offset(_rows(self.target, table)).tuples())
            while batch := list(islice(rows, BATCH)):
                with self.target.atomic():
                    table.insert_many(batch, fields=_meta(table).sorted_fields).bind(self.target).execute()

    def compared(self, tables: Iterable[Any]) -> list[Compared]:
        """Each table as it is in both."""
        with self.source.atomic():  # in which nobody else can write
            return [
                Compared(_meta(table).table_name, _content(self.source, table), _content(self.target, table))
                for table in tables
            ]

    def compared_again(self) -> list[Compared]:
        """The same command again, as what comes after this in it was interrupted, finds all there.

        Moving the queues, which comes last, writes notes on failed messages there; here are none, with the
        queues on the disk.
        """
        leave = () if _rows(self.source, FailedMessage) else (FailedMessage,)
        compared = self.compared(table for table in MOVED if table not in leave)
        if not all(each.is_equal for each in compared):
            raise Reject(f"{self.target.title} holds something already: name an empty one")
        return compared


def _content(which: Any, table: Any, most: int | None = None) -> Content:
    """Of the whole table, or of its first rows; the same for the same rows in every database."""
    content = Content()
    fields = _meta(table).sorted_fields
    for row in which.streamed(_all(table).limit(most).tuples()):
        values = [field.db_value(value) for field, value in zip(fields, row, strict=True)]
        # Each database's library wraps a BLOB in its own way.
        text = json.dumps(values, default=lambda wrapped: bytes(wrapped.obj).hex())
        content = content.plus(hashlib.sha256(text.encode()).digest())
    return content


def _rows(which: Any, table: Any) -> int:
    """How many there are, without the mark."""
    count: int = _but_for_mark(table, table.select()).bind(which).count()
    return count


def _all(table: Any) -> Any:
    """All rows, without the mark, always in the same order."""
    rows = _but_for_mark(table, table.select(*_meta(table).sorted_fields))
    return rows.order_by(*_meta(table).get_primary_keys())


def _but_for_mark(table: Any, query: Any) -> Any:
    return query.where(Notice.name != MARK) if table is Notice else query


def _meta(table: Any) -> Any:
    return table._meta  # noqa: SLF001 - so Peewee calls what it tells of a table
