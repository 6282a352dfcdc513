"""What the operator should know of the inbox's folder, told from outside: the bot need not run."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from tagbot.lib.unseen import printable
from tagbot.photos.inbox.folder_listing import Entry, look
from tagbot.photos.regular_file import opened

MOST = 20
"""So many entries are named."""


def folder_problems(folder: Path, rejected: Path) -> list[str]:
    """What cannot be read or moved away, in sentences without a full stop; none of a folder that is not
    there.
    """
    try:
        entries = look(folder)
    except FileNotFoundError:
        return []
    except OSError as problem:
        return [f"the inbox {folder} cannot be looked into: {problem.strerror}"]
    told = []
    if not os.access(folder, os.W_OK | os.X_OK):
        told.append(
            f"photos that were taken over stay in the inbox {folder}, as nothing can be moved away from "
            "there: let the bot write into that folder"
        )
    if rejected.exists() and not os.access(rejected, os.W_OK | os.X_OK):
        told.append(f"what is refused cannot be moved to {rejected}: let the bot write into that folder")
    if foreign := _others_own(folder, entries):
        told.append(
            f"{foreign} files cannot be moved away from the inbox {folder}, as others own them: take the "
            "sticky bit from that folder, or let the bot own it"
        )
    problems = [
        f"“{printable(name)}” in the inbox {folder} is left there: {why}"
        for name, why in _left(folder, entries)
    ]
    more = len(problems) - MOST
    return [
        *told,
        *problems[:MOST],
        *([f"{more} more in the inbox {folder} are left there"] if more > 0 else []),
    ]


def _left(folder: Path, entries: Mapping[str, Entry]) -> Iterator[tuple[str, str]]:
    for name, entry in sorted(entries.items()):
        problem = entry.problem
        if not problem:
            try:
                with opened(folder / name):
                    continue
            except FileNotFoundError:  # it went away just now
                continue
            except OSError as why:
                problem = f"it cannot be read: {why.strerror}"
        yield name, problem


def _others_own(folder: Path, entries: Iterable[str]) -> int:
    """How many files only their owners may take out of a folder such as /tmp."""
    status, me = folder.stat(), os.geteuid()
    if not status.st_mode & stat.S_ISVTX or me in (0, status.st_uid):
        return 0
    owners = []
    for name in entries:
        with suppress(FileNotFoundError):
            owners.append((folder / name).lstat().st_uid)
    return sum(owner != me for owner in owners)
