"""The facts that travel from stage to stage.

A message says what happened and holds ids, never pictures. Every field but the ids has a default, so that
a message which an older version left in a queue still loads; fields that this version does not know are
left out, so that a newer version's do too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, Self

from tagbot.errors import Reject
from tagbot.vocabulary import INBOX, QueueName

ANYWAY = "anyway:"
"""Begins the cause of what an admin wants trained although people and machine differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A fact; `QUEUE` is the durable queue that carries it."""

    QUEUE: ClassVar[str]

    @property
    def key(self) -> str:
        """What the fact is about: within one stage, messages of one key are worked on one at a time."""
        raise NotImplementedError

    @property
    def id(self) -> str:
        """The same for the same fact, however often it is told, so that a twin can be recognised."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """The fields, ready for JSON."""
        return {name: getattr(self, name) for name in self._names()}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The message whose fields `to_json` gave; raises `Reject` when one that it needs is missing."""
        try:
            return cls(**{name: body[name] for name in cls._names() if name in body})
        except TypeError as missing:
            raise Reject(f"not a {cls.__name__} message: {missing}") from None

    @classmethod
    @cache
    def _names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceMessage(Message):
    """A fact about one face, in one round of asking."""

    face_id: str
    round: int = 1

    @property
    def key(self) -> str:
        return self.face_id

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.face_id}:{self.round}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoArrived(Message):
    """A file lies in the inbox, whole."""

    QUEUE: ClassVar[str] = INBOX

    name: str

    @property
    def key(self) -> str:
        return self.name

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceStored(FaceMessage):
    """A face is in the database with its pictures, and nobody has been asked about it yet."""

    QUEUE: ClassVar[str] = QueueName.IMAGES_IN_DB


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerGiven(FaceMessage):
    """A tagger said who it is."""

    QUEUE: ClassVar[str] = QueueName.FACE_TAGGING

    tagger: str
    """Slack id of who answered."""
    answer: str
    """Slack id of the person chosen, or a `SpecialAnswer`; empty where `name` says who it is."""
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

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.face_id}:{self.round}:{self.tagger}:{self.at:.6f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceTagged(FaceMessage):
    """An answer is stored as a vote."""

    QUEUE: ClassVar[str] = QueueName.FACE_TAGGED

    cause: str = ""
    """Whose vote was stored, and when it was clicked; or who wants it trained anyway."""

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.face_id}:{self.round}:{self.cause}"

    @property
    def anyway(self) -> bool:
        """Whether the face is to be sent to the model although people and machine differ."""
        return self.cause.startswith(ANYWAY)

    @classmethod
    def from_id(cls, message_id: str, face_id: str, round: int) -> Self:  # noqa: A002 - the glossary's word
        """The message that has this id."""
        return cls(
            face_id=face_id, round=round, cause=message_id.removeprefix(f"{cls.QUEUE}:{face_id}:{round}:")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAdded(Message):
    """The training backend learned of a person it had not known."""

    QUEUE: ClassVar[str] = QueueName.FACE_ENRICH_USER

    person_id: str

    @property
    def key(self) -> str:
        return self.person_id

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.person_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSent(FaceMessage):
    """The training backend is done with a face; what came of it is noted at the face."""

    QUEUE: ClassVar[str] = QueueName.FACE_TRAINING_SENT


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRefused(FaceMessage):
    """The training backend cannot use the picture of a face."""

    QUEUE: ClassVar[str] = QueueName.FACE_CLEANUP

    reason: str = ""
    """Why: what the backend answered, or what people agreed on (a `RejectionReason`)."""

    @property
    def id(self) -> str:
        return f"{self.QUEUE}:{self.face_id}:{self.round}:{self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceReopened(FaceMessage):
    """Somebody said that a tagged face got the wrong person."""

    QUEUE: ClassVar[str] = QueueName.FACE_UNDO

    by: str = ""
    """Slack id of who said so."""
