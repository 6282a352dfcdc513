"""People in photos, with or without a Slack account."""

import uuid
from typing import Self

from peewee import CharField, DoubleField, TextField

from tagbot.database.models.base import Table, WrittenText
from tagbot.lib.names import clean_name, name_key

OWN_ID_LENGTH = 36
"""Characters of a UUID; ids of Slack are shorter."""


class Person(Table):
    """A person in a photo, with or without a Slack account."""

    id = CharField(36, primary_key=True)
    slack_id = CharField(32, null=True, unique=True)
    name = WrittenText(null=True)
    """Null until it is known from the Slack profile."""
    email = WrittenText(null=True)
    name_key = WrittenText(null=True, index=True)
    """By which a person without a Slack account is recognised; null for the others. Two people of one name
    have different email addresses.
    """
    picture_url = WrittenText(null=True)
    """Of the Slack profile's picture."""
    enriched_at = DoubleField(null=True)
    training_ref = TextField(null=True)
    """The training backend's id for the person; null until it knows them."""
    added_at = DoubleField()
    merged_into = CharField(36, null=True)
    """The id of the person whom this one was merged into; null for the others. A merged person has no faces,
    and to name them is to name the other.
    """
    merged_at = DoubleField(null=True)
    renamed_at = DoubleField(null=True)
    """When an admin gave them their name, which nothing else changes from then on; null for the others."""

    def root(self) -> Self:
        """The person that this one is a part of; the same where they were not merged."""
        person = self
        while person.merged_into is not None:
            person = type(self).get_by_id(person.merged_into)
        return person

    @property
    def as_answer(self) -> str:
        """How a vote names them."""
        return str(self.slack_id or self.id)

    @classmethod
    def of_account(cls, slack_id: str) -> Self | None:
        """The person whose account it is, or one of whose accounts it is; None where there is none yet."""
        found: Self | None = cls.get_or_none(cls.slack_id == slack_id)
        return found.root() if found is not None else None

    @classmethod
    def with_slack_id(cls, slack_id: str, now: float) -> Self:
        """The person of a Slack account, made when there is none yet."""
        cls.insert(id=str(uuid.uuid4()), slack_id=slack_id, added_at=now).on_conflict_ignore().execute()
        return cls.get(cls.slack_id == slack_id)

    @classmethod
    def with_own_id(cls, text: str) -> Self | None:
        """The person whose id, as ours, a text is; None for any other text."""
        return cls.get_or_none(cls.id == text) if len(text) == OWN_ID_LENGTH else None

    @classmethod
    def with_name(cls, name: str, email: str | None, now: float, id: str | None = None) -> Self:  # noqa: A002 - the column's
        """A new person of that name who has no Slack account."""
        return cls.create(
            id=id or str(uuid.uuid4()),
            name_key=name_key(name),
            name=clean_name(name),
            email=email or None,
            enriched_at=now,
            added_at=now,
        )

    @classmethod
    def answered(cls, answer: str, now: float) -> Self:
        """The person that a vote means: by Slack id, or by our own id where they have no Slack account."""
        return (cls.get_or_none(cls.id == answer) or cls.with_slack_id(answer, now)).root()
