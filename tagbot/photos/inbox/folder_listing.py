"""The entries of the inbox's folder: which count at all, and what the system says of those that do not."""

import errno
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tagbot.photos.inbox.file_names import is_sidecar
from tagbot.photos.inbox.sidecar_names import sidecars_of
from tagbot.photos.regular_file import KINDS, Mark, mark_of

LINKS = {
    errno.ENOENT: "a link that leads nowhere",
    errno.ELOOP: "a link that leads back to itself",
}
"""What a link is that cannot be followed, by the system's error."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in the folder, as it is now."""

    mark: Mark
    problem: str = ""
    """Why it cannot be looked at, in a few words."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is taken over together: a photo with its sidecar, or a sidecar that has none. Two that are equal
    have not changed.
    """

    file: Entry
    sidecar: str | None = None
    """A name."""
    beside: Entry | None = None


def look(folder: Path) -> dict[str, Entry]:
    """All that may be a photo or a sidecar, by name, and what cannot be looked at; no hidden files. Raises
    `OSError` when the folder itself cannot be listed: what the system says of one entry is that entry's.
    """
    with os.scandir(folder) as entries:
        found = {each.name: _entry(each) for each in entries if not each.name.startswith(".")}
    return {name: entry for name, entry in found.items() if entry is not None}


def names_in(folder: Path) -> list[str]:
    """Of all that is not hidden. Raises `OSError`."""
    with os.scandir(folder) as entries:
        return [each.name for each in entries if not each.name.startswith(".")]


def units(entries: Mapping[str, Entry]) -> dict[str, Unit]:
    """What can be taken over, by the name of the photo or lone sidecar."""
    sidecars = sidecars_of(entries)
    paired = set(sidecars.values())
    found = {}
    for name, entry in entries.items():
        if not entry.problem and name not in paired:
            sidecar = sidecars.get(name)
            found[name] = Unit(entry, sidecar, None if sidecar is None else entries[sidecar])
    return found


class Sidecars:
    """Finds the sidecar of each of many photos in many folders, each of which it lists once."""

    def __init__(self) -> None:
        self._of: dict[Path, dict[str, str]] = {}

    def beside(self, photo: Path) -> Path | None:
        """The sidecar of a photo, which need not be readable. Raises `OSError`."""
        folder = photo.parent
        if folder not in self._of:
            self._of[folder] = sidecars_of(names_in(folder))
        name = self._of[folder].get(photo.name)
        return None if name is None or (folder / name).is_dir() else folder / name


def photos(entries: Mapping[str, Entry]) -> list[str]:
    """The names of those that wait to be taken over."""
    return [name for name, entry in entries.items() if not entry.problem and not is_sidecar(name)]


def _entry(found: os.DirEntry[str]) -> Entry | None:
    """None for a file that went away just now, and for a folder, which is nobody's photo."""
    own: Mark = ()
    try:
        if found.is_symlink():
            own = mark_of(found.stat(follow_symlinks=False))
        status = found.stat()
    except OSError as problem:
        if not own and isinstance(problem, FileNotFoundError):
            return None
        words = LINKS.get(problem.errno or 0) if own else None
        return Entry(own, words or problem.strerror or "it cannot be looked at")
    mark = own + mark_of(status)
    if stat.S_ISREG(status.st_mode):
        return Entry(mark)
    if not stat.S_ISDIR(status.st_mode):
        return Entry(mark, KINDS.get(stat.S_IFMT(status.st_mode), "no regular file"))
    return None if os.access(found.path, os.R_OK | os.X_OK) else Entry(mark, "a folder without permission")
