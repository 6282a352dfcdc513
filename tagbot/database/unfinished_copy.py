"""The mark of a database that an interrupted `migrate` left half copied: nothing else may work there."""

from typing import Any

from tagbot.database.models.bookkeeping import Notice
from tagbot.database.outages import DatabaseUnusable

MARK = "unfinished-copy"
"""The name of the notice; its text names the database that it is a copy of."""


def mark_of(which: Any) -> str | None:
    """The text of `MARK` in a database; None where that is whole."""
    mark: str | None = Notice.select(Notice.text).where(Notice.name == MARK).bind(which).scalar()
    return mark


def refuse_unfinished_copy(which: Any) -> None:
    """Raises `DatabaseUnusable`."""
    if mark := mark_of(which):
        raise DatabaseUnusable(f"{mark}, so run it again, before anything else works here")
