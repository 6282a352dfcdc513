"""Requests: the messages in Slack that ask about faces."""

import json
from collections.abc import Sequence
from typing import Any, ClassVar, Self

from peewee import CharField, DoubleField, IntegerField, TextField

from tagbot.database.models.base import Table, execute
from tagbot.database.write_lock import writing


class Request(Table):
    """A message in Slack that asks about faces, or is to be posted. The faces that it is about point to it;
    one that no face points to any more is over.
    """

    PICTURES: ClassVar = "grid_file", "grid_size", "past_grids"
    """The columns of the pictures that are its own."""

    id = CharField(48, primary_key=True)
    channel = CharField(32, null=True)
    """Slack's id of its channel, from the intent to post on; null where an earlier version posted it."""
    posting_since = DoubleField(null=True)
    """The intent to post: set before Slack is called, and holding one of the open places from then on. Of a
    request that is posted: the intent to share its pictures.
    """
    message_ts = CharField(32, null=True)
    """Slack's id of the message; null before it is posted."""
    posted_at = DoubleField(null=True)
    revision = IntegerField(default=0)
    """Grows with every change that the message shows."""
    shown_revision = IntegerField(default=0)
    """The one that Slack shows."""
    closing_shown_at = DoubleField(null=True)
    """When Slack first showed it without its controls: answers clicked until then were clicked while it was
    open.
    """
    grid_file = CharField(32, null=True)
    """Slack's id of the picture of its faces, of one that asks about several; noted before Slack makes a file
    of it.
    """
    grid_size = IntegerField(null=True)
    """How many faces that picture shows: where some have left the request meanwhile, more than are asked."""
    past_grids = TextField(null=True)
    """Slack's ids of the pictures that it replaced, with a space between two."""

    line_up = TextField(null=True)
    """JSON: ids of the people whose names it offers, in their order; null before that is decided."""

    forgotten = IntegerField(default=0)
    """How many faces have left it because the person in them asked to be forgotten."""

    @property
    def offered(self) -> list[str]:
        """Ids of those people."""
        return list(json.loads(self.line_up or "[]"))

    @property
    def pictures(self) -> list[str]:
        """Slack's ids of all that it has had of its own, as far as Slack may still have them."""
        return " ".join(filter(None, (self.past_grids, self.grid_file))).split()

    @classmethod
    def has_pictures(cls) -> Any:
        """The condition that Slack may still have one of them."""
        return cls.grid_file.is_null(False) | cls.past_grids.is_null(False)

    @classmethod
    def offer(cls, request: Self, people: Sequence[str]) -> None:
        """Decide whose names a request offers, unless that is decided."""
        undecided = (cls.id == request.id) & cls.line_up.is_null()
        cls.update(line_up=json.dumps(people)).where(undecided).execute()
        request.line_up = cls.get_by_id(request.id).line_up

    @classmethod
    def note(cls, request_id: str, **changes: Any) -> None:
        """Change what does not show in Slack."""
        with writing():
            cls.update(**changes).where(cls.id == request_id).execute()

    @classmethod
    def changed(cls, where: Any) -> None:
        """Count up the revision of requests, which are to be shown anew."""
        cls.update(revision=cls.revision + 1).where(where).execute()

    @classmethod
    def answers_changed(cls, request_id: str) -> None:
        """The same for one, which shows how many answered."""
        execute("UPDATE request SET revision = revision + 1 WHERE id = ?", request_id)

    @classmethod
    def about_forgotten(cls, channel: str, message_ts: str) -> bool:
        """Whether a message was about somebody who asked to be forgotten."""
        here = cls.channel.is_null() | (cls.channel == channel) if channel else True
        about = (cls.message_ts == message_ts) & (cls.forgotten > 0)
        return bool(cls.select().where(about & here).exists())

    @classmethod
    def is_stale(cls) -> Any:
        """The condition that Slack does not show the database's state."""
        return (cls.shown_revision < cls.revision) & cls.message_ts.is_null(False)


def stale_in_slack() -> list[str]:
    """Ids of the requests that Slack does not show as the database has them."""
    return [request.id for request in Request.select(Request.id).where(Request.is_stale())]
