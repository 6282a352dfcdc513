"""A message with its id and key, as it is through all its attempts, in whichever queue."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message as it is stored: this never changes.

    JSON is written and read by the standard library: msgspec refuses the name of a file that is no UTF-8.
    """

    id: str
    key: str
    body: Mapping[str, Any]
    seen: float | None = None
    """When the message was first seen, where the queue has no other place for it; seconds since 1970."""

    def to_json(self) -> str:
        """ASCII, so that also the name of a file that is no UTF-8 can be stored."""
        fields: dict[str, Any] = {"v": 1, "id": self.id, "key": self.key, "body": self.body}
        return json.dumps(fields if self.seen is None else fields | {"seen": self.seen})

    @classmethod
    def from_json(cls, text: Any) -> "Envelope":
        """Raises `ValueError` for a text that `to_json` did not make; a queue may hold anything."""
        try:
            fields = json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError("unreadable message: no JSON") from error
        match fields:
            case {"id": str(message_id), "key": str(key), "body": dict(body)}:
                seen = fields.get("seen")
                return cls(message_id, key, body, seen if isinstance(seen, float) else None)
        raise ValueError("unreadable message: a field is missing")


def storable(text: str) -> str:
    """Databases take no lone surrogates, which stand for the odd bytes in the name of a file."""
    return text.encode(errors="backslashreplace").decode()
