"""Photos that were taken over from the inbox."""

from peewee import CharField, DoubleField, IntegerField

from tagbot.database.models.base import Table, WrittenText
from tagbot.database.models.bookkeeping import Tally


class Photo(Table):
    """A photo that was taken over from the inbox."""

    sha256 = CharField(64, primary_key=True)
    """Of the file's bytes: the photo's identity."""
    source = WrittenText(null=True)
    """Where it comes from, in its sender's words."""
    taken_at = WrittenText(null=True)
    """ISO 8601, as its sender wrote it."""
    width = IntegerField()
    height = IntegerField()
    faces_found = IntegerField()
    received_at = DoubleField()
    gone_at = DoubleField(null=True)
    """When its picture went, as it is not kept for ever."""

    @classmethod
    def is_taken_over(cls, sha256: str) -> bool:
        """Whether the photo of that identity is here."""
        return cls.get_or_none(cls.sha256 == sha256) is not None


def photos_without_faces() -> int:
    """Photos that were kept although no face was found in them."""
    return Tally.get_by_id(Tally.EMPTY_PHOTO).count
