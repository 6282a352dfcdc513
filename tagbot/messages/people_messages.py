"""Facts about a person, and what people want for themselves."""

import uuid
from typing import ClassVar, Self

from tagbot.messages.message import Message
from tagbot.vocabulary import QueueName, WayToForget

PEOPLE = uuid.UUID("0c7d7a52-52a1-4f0e-9f6e-3b8f5a1f4c9e")
"""Namespace of the ids under which messages about people travel."""

UNSEEN = uuid.UUID("0c6a4a53-6d0b-4a6f-9a3e-1f7f8a0f2f5e")
"""Namespace of the receipts of people whom the bot forgets by itself."""


class PersonAdded(Message, frozen=True, kw_only=True):
    """The training backend learned of a person it had not known."""

    QUEUE: ClassVar[str] = QueueName.FACE_ENRICH_USER

    person_id: str

    @property
    def key(self) -> str:
        return self.person_id

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.person_id}"


class PersonMessage(Message, frozen=True, kw_only=True):
    """A fact that a person's click is."""

    person: str
    """Slack id of their account; our id of a person who has none."""
    at: float = 0.0
    """When it was clicked, in seconds since 1970 by Slack's clock."""

    @property
    def key(self) -> str:
        """Says nothing of their account: logs have it, also after they are forgotten."""
        return str(uuid.uuid5(PEOPLE, self.person))


class ConsentChanged(PersonMessage, frozen=True, kw_only=True):
    """A person said whether they may be learned, or it is to be looked at whether they did: what follows from
    it is done.
    """

    QUEUE: ClassVar[str] = QueueName.PERSON_CONSENT

    said: str = ""
    """`Consent.GIVEN` or `Consent.REFUSED`; empty where nothing new was said."""
    text: str = ""
    """Id of the text that they said it to."""

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.key}:{self.said}:{self.at:.6f}"


class PhotosAsked(PersonMessage, frozen=True, kw_only=True):
    """A person wants to be sent the photos that they are tagged in."""

    QUEUE: ClassVar[str] = QueueName.PERSON_PHOTOS

    after: str = ""
    """The place of the last photo that they were sent; empty for the newest of all."""
    channel: str = ""
    """Slack's id of the channel where it was clicked; empty for Home."""

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.key}:{self.at:.6f}"


class ForgetAsked(Message, frozen=True, kw_only=True):
    """A person is to be forgotten. Once that has begun, the message says no more of who it is."""

    QUEUE: ClassVar[str] = QueueName.PERSON_FORGET

    receipt: str
    """The id of the receipt, which says nothing of the person."""
    person: str = ""
    """Slack id or our own id; empty once the forgetting has begun."""
    never_again: bool = False
    """Whether the person is to be kept out from now on."""
    way: str = WayToForget.BUTTON
    part: int = 0
    """Grows with each message that goes on with it."""

    @property
    def key(self) -> str:
        return self.receipt

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.receipt}:{self.part}"

    @classmethod
    def of(cls, person: str, *, way: str = WayToForget.BUTTON, never_again: bool = False) -> Self:
        """A new one, about a person by their Slack id or by ours."""
        return cls(receipt=str(uuid.uuid4()), person=person, way=way, never_again=never_again)

    @classmethod
    def unseen(cls, person_id: str) -> Self:
        """The one about a person who was in no new photo for long, however often it is asked for."""
        receipt = str(uuid.uuid5(UNSEEN, person_id))
        return cls(receipt=receipt, person=person_id, way=WayToForget.UNSEEN)
