"""Taking a file away from the inbox's folder, and never one that has come in its place.

Between a look at a file and its deletion another one may be renamed over it. So it is renamed itself, under a
hidden name, and looked at there, where nobody else puts anything.
"""

import os
import uuid
from contextlib import suppress
from pathlib import Path

from tagbot.photos.inbox.file_names import named, names_like
from tagbot.photos.regular_file import Mark, mark_of

HIDDEN = ".facetag-"
"""Begins the hidden names; eight letters, a dash and the file's own name follow."""

ABANDONED_SECONDS = 60.0
"""A file that has had a hidden name for so long was left there by a crash."""

OF_LINK = slice(0, 5)
KEPT = slice(0, 4)
"""Of a `Mark`: what is of the entry itself, and what a rename does not change."""


def taken_away(path: Path, mark: Mark, target: Path) -> bool:
    """Whether the file of that mark is `target` now; not when it is gone, or another one has come. Raises
    `OSError`, and then all is as it was.
    """
    with suppress(FileNotFoundError):
        if mark_of(path.lstat()) == mark[OF_LINK]:
            path.rename(target)
            if mark_of(target.lstat())[KEPT] == mark[KEPT]:
                return True
            given_back(target, path)
    return False


def delete(path: Path, mark: Mark) -> bool:
    """Remove the file of that mark; whether it was still there. Raises `OSError`."""
    hidden = path.with_name(named(f"{HIDDEN}{uuid.uuid4().hex[:8]}-{path.name}", ""))
    is_there = taken_away(path, mark, hidden)
    if is_there:
        hidden.unlink()
    return is_there


def given_back(hidden: Path, path: Path) -> None:
    """Let a file have its name again, or where that is another's by now, one like it. Raises `OSError`."""
    for target in map(path.with_name, names_like(path.name)):
        try:
            os.link(hidden, target, follow_symlinks=False)
        except FileExistsError:
            continue
        except OSError:  # a file system without such links
            if os.path.lexists(target):
                continue
            hidden.rename(target)
        else:
            hidden.unlink()
        return


def recover(folder: Path, now: float) -> None:
    """Give back what a crash left under a hidden name; `now` is in seconds since 1970. Raises `OSError`."""
    with os.scandir(folder) as entries:
        hidden = [entry.name for entry in entries if entry.name.startswith(HIDDEN)]
    for name in hidden:
        with suppress(FileNotFoundError):
            if now - (folder / name).lstat().st_ctime >= ABANDONED_SECONDS:
                given_back(folder / name, folder / (name[len(f"{HIDDEN}12345678-") :] or "photo"))
