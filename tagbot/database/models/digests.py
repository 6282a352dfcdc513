"""The days on which the channel was told what waits for answers."""

from typing import Any, Self

from peewee import CharField, DoubleField

from tagbot.database.models.base import Table
from tagbot.database.write_lock import writing


class Digest(Table):
    """A day on which the digest is due."""

    day = CharField(10, primary_key=True)
    """As 2026-11-30, of the machine's own calendar."""
    posting_since = DoubleField(null=True)
    """The intent to post: set before Slack is called."""
    ended_at = DoubleField(null=True)
    """When it was posted, or nothing waited."""

    @classmethod
    def of(cls, day: str) -> Self:
        """The one of a day, which is not stored before something is noted."""
        found: Self | None = cls.get_or_none(cls.day == day)
        return found or cls(day=day)

    @classmethod
    def note(cls, day: str, **changes: Any) -> None:
        """Change it; those of earlier days go."""
        with writing():
            cls.delete().where(cls.day < day).execute()
            if not cls.update(**changes).where(cls.day == day).execute():
                cls.insert(day=day, **changes).execute()
