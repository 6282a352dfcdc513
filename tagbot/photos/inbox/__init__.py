"""The inbox, in which photos wait to be taken over: the interface of the folder's and of Amazon S3's.

For the worker it is a queue like the others, only that its messages are files: acknowledged, a photo is gone;
buried, it lies in `rejected/` beside a text that says why. All else stays where it is.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tagbot.lib.health import Health


@dataclass(frozen=True, slots=True)
class Arrived:
    """A photo with what its sender wrote beside it."""

    photo: bytes
    sidecar: bytes | None
    others: tuple[tuple[str, bytes], ...] = ()
    """Its companions, by name: XMP in the order in which it counts, and Takeout's JSON."""
    again_in: float = 0.0
    """Where the rest of either may still be on its way: after so many seconds it should be looked at again,
    before it is refused as cut off.
    """


class Inbox(Protocol):
    """Photos by name. Any thread may call; each method raises `Retry` when it cannot be done now."""

    clock: Callable[[], float]
    health: Health
    """How its calls go."""

    def prepare(self) -> None:
        """Make what photos can be put into."""

    def add(
        self,
        stem: str,
        suffix: str,
        sha256: str,
        photo: bytes,
        sidecar: bytes | None,
        others: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Put a photo there, under a name that is made of the rest; `others` lie beside `stem` + `suffix`."""

    def waits(self, sha256: str) -> bool:
        """Whether this photo was added before and has not been taken over yet."""

    def get(self, timeout: float) -> "InboxDelivery | None":
        """The next photo that is whole; None when there was none within `timeout` seconds."""

    def read(self, name: str) -> Arrived:
        """The bytes of a photo and of its sidecar; raises `Reject` when it is gone."""

    def waiting(self) -> int | None:
        """How many photos wait, as far as can be told quickly; None when that is not known now."""

    def problems(self) -> list[str]:
        """What the operator should mend, in sentences without a full stop: what cannot be looked at or taken
        away, by its name.
        """

    def remove(self, name: str) -> None:
        """Delete a photo and its sidecar."""

    def put_back(self, name: str, seconds: float) -> None:
        """Leave a photo for a later attempt."""

    def refuse(self, name: str, reason: str) -> None:
        """Move a photo with its sidecar to `rejected/`, beside a text that says why."""

    def check(self) -> str:
        """Try the inbox, and say in a few words what answered."""

    def close(self) -> None:
        """Wake the waiting."""


@dataclass(frozen=True, slots=True)
class InboxDelivery:
    """One handing-out of a photo."""

    inbox: Inbox
    name: str
    attempt: int

    @property
    def id(self) -> str:
        """Made from the file's name without telling it, as it ends in the log and may be a person's."""
        return f"inbox:{hashlib.sha256(self.name.encode(errors='surrogateescape')).hexdigest()[:12]}"

    @property
    def body(self) -> Mapping[str, str]:
        return {"name": self.name}

    def ack(self) -> None:
        """The photo was taken over: it leaves the inbox."""
        self.inbox.remove(self.name)

    def retry_after(self, seconds: float, error: str) -> None:  # noqa: ARG002 - the log has the error
        """It stays where it is and is handed out again later."""
        self.inbox.put_back(self.name, seconds)

    def bury(self, error: str, *, given_up: bool = False) -> None:  # noqa: ARG002 - no photo is given up
        """It moves to `rejected/`."""
        self.inbox.refuse(self.name, error)
