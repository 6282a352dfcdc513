"""The base of all messages, whatever they are about."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from msgspec import Struct, ValidationError, convert
from msgspec.structs import asdict

from tagbot.errors import Reject


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
        """Slack id of the channel where they said so; empty at Home, and where that is not known."""
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
