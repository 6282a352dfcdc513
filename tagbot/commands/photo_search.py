"""The search for photos in files and folders, and what it leaves out."""

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tagbot.lib.unseen import printable
from tagbot.photos.file_kind import IS_PICTURE, MAGIC_LENGTH, file_kind
from tagbot.photos.inbox.folder_listing import Sidecars
from tagbot.photos.private_folders import private

PICTURES = frozenset(
    f".{suffix}"
    for suffix in (
        *("jpg", "jpeg", "jpe", "jfif", "jif", "pjpeg", "png", "apng", "webp"),
        *("heic", "heif", "hif", "avif", "gif", "tif", "tiff", "bmp"),
    )
)
"""Suffixes by which a file is called a picture."""

SIDECAR = ".json"
BESIDE = frozenset({SIDECAR, ".xmp"})

NO_PICTURES = "files that are no pictures"
HIDDEN = "hidden files and folders"
OWN = "FaceTag's own folders"
UNREADABLE = "entries that cannot be looked at"

MOST_COUNTED = 100_000
"""Files in one folder that is left out: a snapshot may hold a whole disk."""

SHOWN = 3
"""So many names are told of what is left out for the same reason."""


@dataclass
class LeftOut:
    """The files that were left out for one reason."""

    files: int = 0
    names: dict[str, None] = field(default_factory=dict)
    """In the order in which they were met."""

    def __str__(self) -> str:
        names = [printable(name) for name in list(self.names)[:SHOWN]] + ["…"] * (len(self.names) > SHOWN)
        return f"{self.files:,} ({', '.join(names)})"


@dataclass
class PhotoSearch:
    """Photos of folders and single files."""

    own: Collection[str]
    """Real paths of the bot's own folders, whose pictures are no photos."""
    sidecars: Sidecars = field(default_factory=Sidecars)
    refused: list[tuple[Path, str]] = field(default_factory=list)
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    searched: set[str] = field(default_factory=set)
    """Real paths of folders."""
    _stems: Counter[Path] = field(default_factory=Counter)
    """How many entries have it, a sidecar and its photo say, of the folders that were searched."""

    def photos(self, paths: Iterable[Path]) -> Iterator[Path]:
        """All that may be one, in order. A file that is named by itself is tried whatever it is called.

        A folder that was searched already, as links may lead back to it, is not searched again.
        """
        for path in paths:
            yield from self._under(path)

    def _under(self, path: Path) -> Iterator[Path]:
        waiting = [path]
        while waiting:
            entry = waiting.pop()
            try:
                mode = entry.stat().st_mode
                if entry is not path and entry.name.startswith("."):
                    self._leave_out(entry, private(entry) or HIDDEN)
                elif stat.S_ISDIR(mode):
                    waiting += reversed(self._entries(entry))
                elif not stat.S_ISREG(mode):
                    self._cannot(entry, "it is no regular file", named=entry is path)
                elif entry is path or is_picture(entry):
                    yield entry
                elif not self._is_beside_a_photo(entry):
                    self._leave_out(entry, NO_PICTURES)
            except OSError as why:
                self._cannot(entry, why.strerror or "it cannot be looked at", named=entry is path)

    def _is_beside_a_photo(self, entry: Path) -> bool:
        is_sidecar = entry.suffix.lower() == SIDECAR and self._stems[stem_of(entry)] > 1
        return is_sidecar or (entry.suffix.lower() in BESIDE and self.sidecars.is_paired(entry))

    def _entries(self, folder: Path) -> list[Path]:
        """Of a folder that is to be searched."""
        real = os.path.realpath(folder)
        if (what := OWN if real in self.own else private(folder)) is not None:
            self._leave_out(folder, what)
            return []
        if real in self.searched:
            return []
        entries = sorted(folder.iterdir())
        self.searched.add(real)
        self._stems.update(map(stem_of, entries))
        return entries

    def _cannot(self, entry: Path, why: str, *, named: bool) -> None:
        """An entry that may be meant as a photo is refused, and does not stop the others."""
        if named or entry.suffix.lower() in PICTURES or os.path.isdir(entry):  # noqa: PTH112 - which raises nothing
            self.refused.append((entry, why))
        else:
            self._leave_out(entry, UNREADABLE)

    def _leave_out(self, entry: Path, what: str) -> None:
        left_out = self.left_out.setdefault(what, LeftOut())
        left_out.files += files_in(entry)
        left_out.names[entry.name] = None


def files_in(entry: Path) -> int:
    """How many files there are, up to `MOST_COUNTED`; of something else than a folder, one."""
    if entry.is_symlink() or not os.path.isdir(entry):  # noqa: PTH112 - which raises nothing
        return 1
    count = 0
    for _, _, files in os.walk(entry):
        count += len(files)
        if count >= MOST_COUNTED:
            break
    return count


def is_picture(file: Path) -> bool:
    """Whether its name or its content says so; raises `OSError` when only the content could."""
    if file.suffix.lower() in PICTURES:
        return True
    # Without waiting: what was a regular file just now may be a pipe by now.
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
        return file_kind(opened.read(MAGIC_LENGTH)) in IS_PICTURE


def stem_of(entry: Path) -> Path:
    """Its path without the suffix, large and small letters being the same."""
    return entry.with_name(entry.stem.casefold())
