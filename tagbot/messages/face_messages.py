"""Facts about one face, and what members say of faces."""

from typing import ClassVar, Self

from tagbot.messages.message import Message
from tagbot.vocabulary import QueueName, RejectionReason

ANYWAY = "anyway:"
"""Begins the cause of what an admin wants trained although people and machine differ."""

CONSENT = "consent:"
"""Begins the cause of what is learned since its person agreed."""


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
    """Slack's id of the request that was clicked; empty at Home."""
    channel: str = ""
    """Slack's id of the channel in which it was clicked; empty at Home, or where an earlier version wrote
    this."""
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
    """Slack's id of the channel in which they did; empty at Home, or where an earlier version wrote this."""
    together: tuple[str, ...] = ()
    """Ids of all the faces of one request of which they said so at once."""

    @property
    def said_by(self) -> str | None:
        return self.by or None

    @property
    def said_in(self) -> str:
        return self.channel
