"""The entries of the inbox's folder: which count at all, and what the system says of those that do not."""

import errno
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tagbot.photos.inbox.companion_names import companions_of
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
    others: tuple[tuple[str, Entry], ...] = ()
    """Its companions, by name."""


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
    """All that can be taken over, by the name of the photo or lone sidecar."""
    sidecars, companions = sidecars_of(entries), companions_of(entries)
    paired = {*sidecars.values(), *chain(*companions.values())}
    found = {}
    for name, entry in entries.items():
        if not entry.problem and name not in paired:
            sidecar = sidecars.get(name)
            others = tuple(
                (each, entries[each]) for each in companions.get(name, ()) if not entries[each].problem
            )
            found[name] = Unit(entry, sidecar, None if sidecar is None else entries[sidecar], others)
    return found


class Sidecars:
    """Finds what lies beside each of many photos in many folders, each of which it lists once."""

    def __init__(self) -> None:
        self._of: dict[Path, tuple[dict[str, str], dict[str, tuple[str, ...]], set[str]]] = {}

    def beside(self, photo: Path) -> Path | None:
        """The sidecar of a photo, which need not be readable. Raises `OSError`."""
        name = self._listed(photo.parent)[0].get(photo.name)
        return None if name is None or (photo.parent / name).is_dir() else photo.parent / name

    def others(self, photo: Path) -> list[Path]:
        """The companions of a photo, in the order in which they count. Raises `OSError`."""
        names = self._listed(photo.parent)[1].get(photo.name, ())
        return [path for path in map(photo.parent.joinpath, names) if path.is_file()]

    def is_paired(self, entry: Path) -> bool:
        """Whether an entry lies beside a photo. Raises `OSError`."""
        return entry.name in self._listed(entry.parent)[2]

    def _listed(self, folder: Path) -> tuple[dict[str, str], dict[str, tuple[str, ...]], set[str]]:
        if folder not in self._of:
            names = names_in(folder)
            sidecars, companions = sidecars_of(names), companions_of(names)
            self._of[folder] = sidecars, companions, {*sidecars.values(), *chain(*companions.values())}
        return self._of[folder]


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
