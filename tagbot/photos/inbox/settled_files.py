"""Settling: when a file of the inbox is whole, and due. Nothing here touches the disk."""

from collections.abc import Mapping
from dataclasses import dataclass

from tagbot.photos.inbox.file_names import is_sidecar
from tagbot.photos.inbox.folder_listing import Unit

SETTLED_SECONDS = 1.0
"""A file counts when it has not changed for this long: until then it may still be written."""

CUT_OFF_SECONDS = 10.0
"""What looks cut off is refused when it has stood still for this long: a copy may pause."""

AGAIN_SECONDS = 3.0
"""How soon it is looked at again, as some systems change a file and tell of it later."""

LONE_SIDECAR_SECONDS = 600.0
"""A sidecar is put there before its photo; one whose photo has not come by then is refused."""


@dataclass(slots=True)
class Seen:
    """A photo with its sidecar as it was at the last look."""

    unit: Unit
    since: float
    attempt: int = 1
    not_before: float = 0.0
    content: int | None = None
    """A hash of what was read; None before."""

    def due(self, name: str, now: float) -> bool:
        """Whether it has stood still for long enough, and need not wait."""
        enough = LONE_SIDECAR_SECONDS if is_sidecar(name) else SETTLED_SECONDS
        return now >= self.not_before and now - self.since >= enough

    def read(self, content: int, now: float) -> None:
        """Note the hash of what was just read: another one than before is a change, too."""
        if self.content not in (None, content):
            self.since = now
        self.content = content


class Settling:
    """The files of a folder from one look to the next, by name. Callers hold a lock."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}

    def look(self, units: Mapping[str, Unit], now: float) -> list[str]:
        """Note how each file is; return those that are whole and due, in the order of their names."""
        before = self._seen
        self._seen = {
            name: seen if (seen := before.get(name)) is not None and seen.unit == unit else Seen(unit, now)
            for name, unit in units.items()
        }
        return sorted(name for name, seen in self._seen.items() if seen.due(name, now))

    def seen(self, name: str) -> Seen | None:
        """A file as it was at the last look; None when it was not there."""
        return self._seen.get(name)

    def note(self, name: str, unit: Unit, now: float) -> Seen:
        """A file as it is now, before the next look."""
        seen = self._seen.get(name)
        if seen is None or seen.unit != unit:
            seen = self._seen[name] = Seen(unit, now)
        return seen

    def put_back(self, name: str, unit: Unit | None, not_before: float) -> None:
        """Have a file wait for its next attempt; one that is no longer that `unit` begins anew."""
        seen = self._seen.get(name)
        if seen is not None and unit in (None, seen.unit):
            seen.attempt += 1
            seen.not_before = not_before

    def forget(self, name: str) -> None:
        """It left the folder."""
        self._seen.pop(name, None)
