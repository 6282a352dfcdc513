"""Photos that members posted in Slack, until they were told what came of them, and a while longer."""

from typing import Any, Self

from peewee import CharField, DoubleField, IntegerField, TextField, fn

from tagbot.database.models.base import Table, WrittenText
from tagbot.database.models.photos import Photo
from tagbot.database.write_lock import writing
from tagbot.messages import PhotoPosted
from tagbot.vocabulary import PhotoOutcome

KEPT_SECONDS = 7 * 86_400.0
"""Slack delivers an event again for a day at most, and `retry` brings a dead letter back within days."""


class PostedPhoto(Table):
    """One wish of one member to have one picture taken in."""

    id = TextField(primary_key=True)
    """Of the message, which is the same however often Slack tells of it."""
    member = CharField(32, null=True)
    """Slack id of the member who is told; null once they were."""
    channel = CharField(32, null=True)
    """Where they are told; null once they were."""
    number = IntegerField(default=1)
    out_of = IntegerField(default=1)
    """Which of the pictures in one message it is, and of how many."""
    began_at = DoubleField(index=True)
    sha256 = CharField(64, null=True, index=True)
    """The photo's identity: noted before the photo is put into the inbox."""
    outcome = CharField(16, null=True)
    """A `PhotoOutcome`; null as long as it is under way, or was searched for faces."""
    reason = WrittenText(null=True)
    """Why it was refused."""
    told_at = DoubleField(null=True)
    failure_told_at = DoubleField(null=True)
    """When the member heard that it was given up; `retry` may bring it to its end all the same."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to be fetched."""
        return self.told_at is not None or self.outcome is not None

    @classmethod
    def begin(cls, message: PhotoPosted, now: float) -> Self:
        """The row of a message, made when it is new."""
        row = {
            "id": message.id,
            "member": message.by,
            "channel": message.channel,
            "number": message.number,
            "out_of": message.out_of,
            "began_at": now,
        }
        with writing():
            cls.insert(row).on_conflict_ignore().execute()
        found: Self = cls.get_by_id(message.id)
        return found

    @classmethod
    def note(cls, message_id: str, **changes: Any) -> None:
        """Change what is known of it."""
        with writing():
            cls.update(**changes).where(cls.id == message_id).execute()

    @classmethod
    def refuse(cls, sha256: str, reason: str) -> None:
        """The photo of that identity is no photo that is taken."""
        open_ = (cls.sha256 == sha256) & cls.outcome.is_null() & cls.told_at.is_null()
        if cls.select().where(open_).exists():
            with writing():
                cls.update(outcome=PhotoOutcome.REFUSED, reason=reason).where(open_).execute()

    @classmethod
    def to_tell(cls, limit: int) -> list[tuple[Self, int]]:
        """Those whose members are to be told what came of them, the oldest first, with how many faces were
        found in each.
        """
        searched = fn.EXISTS(Photo.select().where(Photo.sha256 == cls.sha256))
        ready = cls.told_at.is_null() & (cls.outcome.is_null(False) | searched)
        found = []
        for posted in cls.select().where(ready).order_by(cls.began_at, cls.number).limit(limit):
            photo = Photo.get_or_none(Photo.sha256 == posted.sha256)
            found.append((posted, 0 if photo is None else int(photo.faces_found)))
        return found

    @classmethod
    def under_way(cls) -> list[Self]:
        """Those that may have been given up without their members knowing."""
        return list(cls.select().where(cls.told_at.is_null() & cls.failure_told_at.is_null()))

    @classmethod
    def forget_old(cls, now: float) -> None:
        """Delete those that nobody will ask for any more."""
        old = cls.began_at < now - KEPT_SECONDS
        if cls.select().where(old).exists():
            with writing():
                cls.delete().where(old).execute()
