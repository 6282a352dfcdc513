"""The facts that travel from stage to stage.

A message says what happened and holds ids, never pictures. Every field but the ids has a default, so that
a message which an older version left in a queue still loads; fields that this version does not know are
left out, so that a newer version's do too.
"""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from msgspec import Struct, ValidationError, convert
from msgspec.structs import asdict

from tagbot.errors import Reject
from tagbot.vocabulary import INBOX, QueueName, RejectionReason, WayToForget

ANYWAY = "anyway:"
"""Begins the cause of what an admin wants trained although people and machine differ."""

CONSENT = "consent:"
"""Begins the cause of what is learned since its person agreed."""

PEOPLE = uuid.UUID("0c7d7a52-52a1-4f0e-9f6e-3b8f5a1f4c9e")
"""Namespace of the ids under which messages about people travel."""

UNSEEN = uuid.UUID("0c6a4a53-6d0b-4a6f-9a3e-1f7f8a0f2f5e")
"""Namespace of the receipts of people whom the bot forgets by itself."""


class Message(Struct, frozen=True, kw_only=True):
    """A fact; `QUEUE` is the durable queue that carries it."""

    QUEUE: ClassVar[str]

    @property
    def key(self) -> str:
        """The fact's subject: within one stage, messages of one key are worked on one at a time."""
        raise NotImplementedError

    @property
    def id(self) -> str:
        """The same for the same fact, however often it is told, so that a twin can be recognised."""
        raise NotImplementedError

    @property
    def said_by(self) -> str | None:
        """Slack id of the member whose word the fact is; None where it is nobody's."""
        return None

    @property
    def said_in(self) -> str:
        """Slack id of the channel where they said so; empty where that is not known."""
        return ""

    def to_json(self) -> dict[str, Any]:
        """The fields, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The message whose fields `to_json` gave; raises `Reject` when one that it needs is missing, or is
        of another type.
        """
        try:
            return convert(body, cls)
        except ValidationError as wrong:
            raise Reject(f"not a {cls.__name__} message: {wrong}") from None


class FaceMessage(Message, frozen=True, kw_only=True):
    """A fact about one face, in one round of asking."""

    face_id: str
    round: int = 1

    @property
    def key(self) -> str:
        return self.face_id

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.face_id}:{self.round}"


class PhotoArrived(Message, frozen=True, kw_only=True):
    """A file lies in the inbox, whole."""

    QUEUE: ClassVar[str] = INBOX

    name: str

    @property
    def key(self) -> str:
        return self.name

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.name}"


class FaceFound(FaceMessage, frozen=True, kw_only=True):
    """A face is in the database with its pictures; the machine has not looked at it yet."""

    QUEUE: ClassVar[str] = QueueName.FACE_FOUND


class FaceStored(FaceMessage, frozen=True, kw_only=True):
    """A face may be asked about, and nobody has been yet."""

    QUEUE: ClassVar[str] = QueueName.IMAGES_IN_DB


class AnswerGiven(FaceMessage, frozen=True, kw_only=True):
    """A tagger said who it is; or an admin, that the face is to be learned all the same."""

    QUEUE: ClassVar[str] = QueueName.FACE_TAGGING

    tagger: str
    """Slack id of who answered."""
    answer: str
    """Slack id of the person chosen, a `SpecialAnswer`, or what an admin wants; empty where `name` says who
    it is.
    """
    name: str = ""
    """Of a person without a Slack account."""
    email: str = ""
    """Theirs, if the tagger knew it."""
    at: float = 0.0
    """When it was clicked, in seconds since 1970 by Slack's clock, to the microsecond: a tagger's later
    answer replaces the earlier one by this, not by which is worked on first."""
    received: float = 0.0
    """When it reached the bot, in seconds since 1970 by the bot's clock."""
    message_ts: str = ""
    """Slack's id of the request that was clicked."""
    channel: str = ""
    """Slack's id of the channel in which it was clicked; empty where an earlier version wrote this."""
    opened: float = 0.0
    """When the form in which it was said was opened, in seconds since 1970 by the bot's clock; 0 for none."""
    clicks: int = 0
    """How many it took; 0 where an earlier version wrote this."""

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.face_id}:{self.round}:{self.tagger}:{self.at:.6f}"

    @property
    def said_by(self) -> str | None:
        return self.tagger

    @property
    def said_in(self) -> str:
        return self.channel


class FaceTagged(FaceMessage, frozen=True, kw_only=True):
    """An answer is stored as a vote."""

    QUEUE: ClassVar[str] = QueueName.FACE_TAGGED

    cause: str = ""
    """The vote's tagger and time; `ANYWAY` and the admin; or `CONSENT` and the time of the yes."""

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.face_id}:{self.round}:{self.cause}"

    @property
    def anyway(self) -> bool:
        """Whether the face is to be sent to the model although people and machine differ."""
        return self.cause.startswith(ANYWAY)

    @property
    def after_yes(self) -> bool:
        """Whether the face waited for its person's yes."""
        return self.cause.startswith(CONSENT)

    @classmethod
    def after_consent(cls, face_id: str, round: int, at: float) -> Self:  # noqa: A002 - the glossary's word
        """The message that has a face learned whose person agreed then."""
        return cls(face_id=face_id, round=round, cause=f"{CONSENT}{at:.6f}")

    @classmethod
    def from_id(cls, message_id: str, face_id: str, round: int) -> Self:  # noqa: A002 - the glossary's word
        """The message that has this id."""
        return cls(
            face_id=face_id, round=round, cause=message_id.removeprefix(f"{cls.QUEUE}:{face_id}:{round}:")
        )


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


class TrainingSent(FaceMessage, frozen=True, kw_only=True):
    """The training backend is done with a face; what came of it is noted at the face."""

    QUEUE: ClassVar[str] = QueueName.FACE_TRAINING_SENT


class TrainingRefused(FaceMessage, frozen=True, kw_only=True):
    """The training backend cannot use the picture of a face."""

    QUEUE: ClassVar[str] = QueueName.FACE_CLEANUP

    reason: str = ""
    """Why: what the backend answered, or what people agreed on (a `RejectionReason`)."""

    @classmethod
    def unanswered(cls, face_id: str, round: int) -> Self:  # noqa: A002 - the glossary's word
        """The message that closes a request which nobody finished."""
        return cls(face_id=face_id, round=round, reason=RejectionReason.UNANSWERED)

    @classmethod
    def for_each_reason(cls, face_id: str, round: int) -> list[Self]:  # noqa: A002 - as above
        """All the messages that may refuse this face."""
        return [cls(face_id=face_id, round=round, reason=reason) for reason in RejectionReason]

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.face_id}:{self.round}:{self.reason}"


class FacesStruckOut(FaceMessage, frozen=True, kw_only=True):
    """A member saw that some faces of a request are not the same as the others. The request is that of
    `face_id` in its `round`.
    """

    QUEUE: ClassVar[str] = QueueName.FACE_SPLIT

    odd_ones: tuple[str, ...] = ()
    """Ids of the faces that are struck out."""
    by: str = ""
    """Slack id of who said so."""
    at: float = 0.0
    """When it was clicked, in seconds since 1970 by Slack's clock."""
    channel: str = ""
    """Slack's id of the channel in which the request was clicked."""

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.face_id}:{self.round}:{self.by}:{self.at:.6f}"

    @property
    def said_by(self) -> str | None:
        return self.by or None

    @property
    def said_in(self) -> str:
        return self.channel


class FaceReopened(FaceMessage, frozen=True, kw_only=True):
    """A tagged face got the wrong person, as a member said."""

    QUEUE: ClassVar[str] = QueueName.FACE_UNDO

    by: str = ""
    """Slack id of who said so."""
    channel: str = ""
    """Slack's id of the channel in which they did; empty where an earlier version wrote this."""
    together: tuple[str, ...] = ()
    """Ids of all the faces of one request of which they said so at once."""

    @property
    def said_by(self) -> str | None:
        return self.by or None

    @property
    def said_in(self) -> str:
        return self.channel


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


class PhotoPosted(Message, frozen=True, kw_only=True):
    """A member wants a picture taken in that is at Slack: they posted it, or used the shortcut on it."""

    QUEUE: ClassVar[str] = QueueName.SLACK_PHOTO

    file: str
    """Slack's id of it."""
    by: str = ""
    """Slack id of the member."""
    channel: str = ""
    """Slack's id of the channel where the picture stands."""
    at: str = ""
    """Slack's time of their act, to the microsecond: the `ts` of the message, or of the shortcut."""
    number: int = 1
    """Which of the pictures in one message it is."""
    out_of: int = 1
    """How many of them there are."""

    @property
    def key(self) -> str:
        return self.file

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.file}:{self.at}"

    @property
    def said_by(self) -> str | None:
        return self.by or None

    @property
    def said_in(self) -> str:
        return self.channel
