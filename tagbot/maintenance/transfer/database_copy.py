"""Moving everything from one database to another, in steps that may be interrupted, compared at the end."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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
"""What is counted in `Tally`, the target counts by itself."""

BATCH = 500
"""Rows that are written at a time: so many are in memory, and to be copied again after an interruption."""


def move_database(source_url: str, target_url: str) -> list[Compared]:
    """Copy what the target does not have yet, and compare. Nothing should write to the source meanwhile: what
    was written while it was copied makes a difference, and while all is compared nothing can be.

    Raises `Reject` when the target holds anything else, and what `tagbot.database.opened` raises.
    """
    with (
        _connection(source_url) as source,
        _connection(target_url, even_unfinished=True) as target,
        target.bind_ctx(TABLES, bind_refs=False, bind_backrefs=False),
    ):
        mark = mark_of(target)
        if mark is None and _holds_something(target):
            return _moved_before(source, target)
        _mark(source, target, mark)
        if not _is_beginning(source, target):
            _empty(target)  # the source has changed since the last attempt
        _copy(source, target)
        compared = _compare(source, target, MOVED)
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


def _holds_something(target: Any) -> bool:
    return any(_rows(target, table) for table in TABLES if table is not Tally)


def _moved_before(source: Any, target: Any) -> list[Compared]:
    """The same command again, as what comes after this in it was interrupted, finds all there.

    Moving the queues, which comes last, writes notes on failed messages there; here are none, with the queues
    on the disk.
    """
    leave = () if _rows(source, FailedMessage) else (FailedMessage,)
    compared = _compare(source, target, [table for table in MOVED if table not in leave])
    if not all(each.is_equal for each in compared):
        raise Reject(f"{target.title} holds something already: name an empty one")
    return compared


def _mark(source: Any, target: Any, mark: str | None) -> None:
    """Say in the target what it is, unless it says so already: `mark`."""
    text = f"this is the unfinished copy of {source.title}: `migrate` goes on with it"
    if mark is None:
        # Somebody else may just have done the same.
        Notice.insert(name=MARK, text=text, since=0.0).on_conflict_ignore().bind(target).execute()
        mark = mark_of(target)
    if mark != text:
        raise Reject(f"{target.title} is another one's: {mark}")


def _is_beginning(source: Any, target: Any) -> bool:
    """Whether what was copied already is still what the source begins with."""
    return all(_content(target, table) == _content(source, table, _rows(target, table)) for table in COPIED)


def _copy(source: Any, target: Any) -> None:
    """Each table from where it was left; those that others refer to come first."""
    for table in COPIED:
        rows = source.streamed(_all(table).offset(_rows(target, table)).tuples())
        while batch := list(islice(rows, BATCH)):
            with target.atomic():
                table.insert_many(batch, fields=_fields(table)).bind(target).execute()


def _empty(target: Any) -> None:
    """Remove what was copied; the mark stays.

    So does the tally, but not meanwhile: its row would be written anew for each face, and in one transaction
    PostgreSQL looks through all that it was before. That is quadratic, and never ended.
    """
    with target.atomic():
        counted = [{"what": row.what, "count": 0} for row in Tally.select().bind(target)]
        Tally.delete().bind(target).execute()
        for table in reversed(COPIED):
            _but_for_mark(table, table.delete()).bind(target).execute()
        Tally.insert_many(counted).bind(target).execute()


def _compare(source: Any, target: Any, tables: Iterable[Any]) -> list[Compared]:
    with source.atomic():  # in which nobody else can write
        return [
            Compared(_meta(table).table_name, _content(source, table), _content(target, table))
            for table in tables
        ]


def _content(which: Any, table: Any, most: int | None = None) -> Content:
    """Of the whole table, or of its first rows."""
    content = Content()
    for row in which.streamed(_all(table).limit(most).tuples()):
        content = content.plus(hashlib.sha256(_canonical(table, row)).digest())
    return content


def _canonical(table: Any, row: tuple[Any, ...]) -> bytes:
    """The same for the same row in every database."""
    values = [field.db_value(value) for field, value in zip(_fields(table), row, strict=True)]
    return json.dumps(values, default=_hexadecimal).encode()


def _hexadecimal(wrapped: Any) -> str:
    """A BLOB, which each database's library wraps in its own way."""
    return bytes(wrapped.obj).hex()


def _rows(which: Any, table: Any) -> int:
    """How many there are, without the mark."""
    count: int = _but_for_mark(table, table.select()).bind(which).count()
    return count


def _all(table: Any) -> Any:
    """All rows, without the mark, always in the same order."""
    return _but_for_mark(table, table.select(*_fields(table))).order_by(*_meta(table).get_primary_keys())


def _but_for_mark(table: Any, query: Any) -> Any:
    return query.where(Notice.name != MARK) if table is Notice else query


def _fields(table: Any) -> Any:
    return _meta(table).sorted_fields


def _meta(table: Any) -> Any:
    return table._meta  # noqa: SLF001 - so Peewee calls what it tells of a table
