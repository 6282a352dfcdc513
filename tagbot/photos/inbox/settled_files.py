"""Settling: when a file of the inbox is whole, and due. Nothing here touches the disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tagbot.photos.inbox.file_names import is_sidecar

SETTLED_SECONDS = 1.0
"""A file counts when its size has not changed for this long: until then it may still be written."""

LONE_SIDECAR_SECONDS = 600.0
"""A sidecar is put there before its photo; one whose photo has not come by then is refused."""


@dataclass(slots=True)
class _Seen:
    """A file as it was at the last look."""

    size: int
    since: float
    attempt: int = 1
    not_before: float = 0.0


class Settling:
    """The files of a folder from one look to the next, by name. Callers hold a lock."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def look(self, sizes: Mapping[str, int], now: float) -> list[str]:
        """Note how large each file is; return those that are whole and due, in the order of their names."""
        before = self._seen
        self._seen = {
            name: before[name] if name in before and before[name].size == size else _Seen(size, now)
            for name, size in sizes.items()
        }
        photos = {Path(name).stem for name in sizes if not is_sidecar(name)}
        return sorted(
            name
            for name, file in self._seen.items()
            if now >= file.not_before
            and (
                now - file.since >= LONE_SIDECAR_SECONDS and Path(name).stem not in photos
                if is_sidecar(name)
                else now - file.since >= SETTLED_SECONDS
            )
        )

    def attempt(self, name: str) -> int:
        """The number of the attempt that is due; 1 for the first."""
        return self._seen[name].attempt

    def put_back(self, name: str, not_before: float) -> None:
        """Have a file wait for its next attempt; one that has changed since begins anew."""
        seen = self._seen.get(name)
        if seen is not None:
            seen.attempt += 1
            seen.not_before = not_before

    def forget(self, name: str) -> None:
        """It left the folder."""
        self._seen.pop(name, None)
