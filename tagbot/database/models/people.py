"""People in photos, with or without a Slack account."""

import unicodedata
import uuid
from typing import Self

from peewee import CharField, DoubleField, TextField

from tagbot.database.models.base import Table, WrittenText


class Person(Table):
    """A person in a photo, with or without a Slack account."""

    id = CharField(36, primary_key=True)
    slack_id = CharField(32, null=True, unique=True)
    name = WrittenText(null=True)
    """Null until it is known from the Slack profile."""
    email = WrittenText(null=True)
    name_key = WrittenText(null=True, unique=True)
    """By which a person without a Slack account is recognised; null for the others."""
    picture_url = WrittenText(null=True)
    """Of the Slack profile's picture."""
    enriched_at = DoubleField(null=True)
    training_ref = TextField(null=True)
    """The training backend's id for the person; null until it knows them."""
    added_at = DoubleField()

    @classmethod
    def with_slack_id(cls, slack_id: str, now: float) -> Self:
        """The person of a Slack account, made when there is none yet."""
        cls.insert(id=str(uuid.uuid4()), slack_id=slack_id, added_at=now).on_conflict_ignore().execute()
        return cls.get(cls.slack_id == slack_id)

    @classmethod
    def with_name(cls, name: str, email: str | None, now: float) -> Self:
        """The person of that name who has no Slack account, made when there is none yet.

        The same name in whatever case and spacing is the same person, whatever the email.
        """
        key = name_key(name)
        written = " ".join(name.split())
        cls.insert(
            id=str(uuid.uuid4()),
            name_key=key,
            name=written,
            email=email or None,
            enriched_at=now,
            added_at=now,
        ).on_conflict_ignore().execute()
        if email:
            cls.update(email=email).where((cls.name_key == key) & cls.email.is_null()).execute()
        return cls.get(cls.name_key == key)

    @classmethod
    def answered(cls, answer: str, now: float) -> Self:
        """The person that a vote means: by Slack id, or by our own id where they have no Slack account."""
        return cls.get_or_none(cls.id == answer) or cls.with_slack_id(answer, now)


def name_key(name: str) -> str:
    """The same for all spellings of one name."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
