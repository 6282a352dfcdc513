"""Which request a control belongs to: Slack sends the `block_id` of the block in which it stands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BLOCK_ID = re.compile(r"\Aface:([0-9a-f-]{36}):(\d{1,9})(?::\d{1,9})?\Z")
"""Of the block that holds the controls of a request: the face and the round; at Home a number may follow."""


FACE_IDS = "face_ids"
"""In the metadata of a request: the ids of all its faces."""


@dataclass(frozen=True, slots=True)
class RequestId:
    """A face, in a round."""

    face_id: str
    round: int

    @property
    def block_id(self) -> str:
        """Of the block that holds the request's controls."""
        return f"face:{self.face_id}:{self.round}"

    @classmethod
    def parse(cls, block_id: str) -> "RequestId | None":
        """From the `block_id` of a control; None when it is none of ours."""
        match = BLOCK_ID.match(block_id)
        return cls(match[1], int(match[2])) if match else None


def channel_of_click(body: Mapping[str, Any]) -> str:
    """Slack's id of the channel in which a control was used; empty where that was in no message."""
    return str((body.get("container") or {}).get("channel_id") or "")
