"""A folder as an inbox, and a clock that goes on when it is told to."""

from pathlib import Path

from tagbot.photos.inbox import InboxDelivery
from tagbot.photos.inbox.folder_inbox import SCAN_SECONDS, FolderInbox
from tagbot.photos.inbox.settled_files import SETTLED_SECONDS


class Clock:
    """Goes on when it is told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def put(inbox: FolderInbox, name: str, content: bytes = b"photo") -> Path:
    path = inbox.folder / name
    path.write_bytes(content)
    return path


def replace(inbox: FolderInbox, name: str, content: bytes) -> None:
    """Put a file there under another name first, and rename it over what may lie there."""
    put(inbox, ".new", content).replace(inbox.folder / name)


def look(inbox: FolderInbox, clock: Clock, seconds: float = SCAN_SECONDS) -> InboxDelivery | None:
    clock.now += seconds
    return inbox.get(0)


def take(inbox: FolderInbox, clock: Clock) -> InboxDelivery:
    """The next file, once it is whole."""
    assert look(inbox, clock) is None
    delivery = look(inbox, clock, SETTLED_SECONDS)
    assert delivery is not None
    return delivery


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
