"""What the bot keeps on this machine belongs to its user alone, also what an earlier version made."""

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from tagbot.lib.owner_only import OTHERS, tighten
from tagbot.settings import Settings

log = logging.getLogger(__name__)

FOLDERS = ("queues", "rejected", "inbox", "images")
"""Those in DATA_DIR that the bot makes."""

FILES = ("tagbot.db", "bot-id", "disk.json", "opt-out.key")
"""And the files, to whose names SQLite and the bot add something."""


def tighten_own_files(settings: Settings) -> None:
    """Take everything in `DATA_DIR` that is the bot's away from other users, and the database's file.

    What else is in that folder, which may be any, is left as it is.
    """
    _tell_of_open_inbox(settings)
    left = [path for path in _own(settings) if not tighten(path)]
    if left:
        log.warning(
            "other users of this machine may be able to read %d of the bot's files, which it cannot "
            "change, the first in %s: they should be its user's, on a file system that keeps their rights",
            len(left),
            left[0].parent,  # the name of a photo may be a person's
        )


def open_to_others(settings: Settings) -> list[Path]:
    """What of it other users of the machine may read, as it lies there now."""
    return [path for path in dict.fromkeys(_own(settings)) if not path.is_symlink() and _is_open(path)]


def _own(settings: Settings) -> Iterator[Path]:
    """Folders before what is in them."""
    data_dir = settings.data_dir
    if data_dir.is_dir() and all(_is_own(entry.name) for entry in data_dir.iterdir()):
        yield data_dir
    for name in FOLDERS:
        folder = data_dir / name
        # A million pictures are not looked through again: they are made for their owner alone, and so is the
        # folder, but for one that was copied.
        was_open = _is_open(folder)
        if folder.is_dir() and not folder.is_symlink():
            yield folder
            if was_open or name != "images":
                yield from _below(folder)
    if data_dir.is_dir():
        yield from (entry for entry in data_dir.iterdir() if entry.name.startswith(FILES))
    scheme, _, path = settings.database_url.partition(":///")
    if scheme == "sqlite":
        file = Path(path)
        yield from (file.with_name(file.name + end) for end in ("", "-wal", "-shm", "-journal", ".migrating"))


def _below(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        for name in folders + files:
            path = Path(here, name)
            if not _is_linked(path):
                yield path


def _is_linked(path: Path) -> bool:
    """Whether a file has another name elsewhere, whose rights would change with these."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_nlink > 1


def _is_open(path: Path) -> bool:
    try:
        return bool(path.lstat().st_mode & OTHERS)
    except OSError:
        return False


def _is_own(name: str) -> bool:
    return name.startswith((".", *FILES)) or name.endswith(".log") or name in (*FOLDERS, "models", "sandbox")


def _tell_of_open_inbox(settings: Settings) -> None:
    """Somebody may have let other users put photos there."""
    inbox = settings.data_dir / "inbox"
    if settings.inbox == inbox and inbox.is_dir() and inbox.stat().st_mode & stat.S_IWOTH:
        log.warning(
            "%s was open to other users of this machine, and is the bot's own now: "
            "let INBOX name a folder outside of DATA_DIR where others are to put photos",
            inbox,
        )
