"""The folder `rejected/`: each refused file with its sidecar, beside a text that says why."""

import errno
import os
import shutil
import stat
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tagbot.lib.owner_only import take_over
from tagbot.lib.unseen import printable
from tagbot.photos.inbox.companion_names import renamed
from tagbot.photos.inbox.file_names import SIDECAR, WHY, names_like
from tagbot.photos.inbox.taken_away import delete, taken_away
from tagbot.photos.regular_file import Mark, opened

Marked = tuple[Path, Mark]
"""A file as it was when it was looked at."""


class RejectedFolder:
    """Beside the inbox; it may lie on another disk. Methods raise `OSError`."""

    def __init__(self, folder: Path) -> None:
        """It does not have to be there yet."""
        self.folder = folder

    def take(self, file: Marked, beside: Sequence[Marked], reason: str) -> None:
        """Move a file here with what lies beside it; nothing that lies here is replaced. What has come in
        their place stays where it is.
        """
        path, mark = file
        self.folder.mkdir(parents=True, exist_ok=True)
        free = (
            target
            for target in (self.folder / name for name in names_like(path.name))
            if not any(
                os.path.lexists(each)
                for each in (
                    *(target, target.with_suffix(SIDECAR), target.with_name(f"{target.name}{WHY}")),
                    *(target.with_name(renamed(other.name, path.name, target.name)) for other, _ in beside),
                )
            )
        )
        target = next(free)
        # The text first: a crash in between then leaves a photo that is refused again, never one without a
        # reason.
        why = target.with_name(f"{target.name}{WHY}")
        is_here = False
        try:
            why.write_text(f"{printable(reason)}\n", encoding="utf-8")
            is_here = _moved(path, mark, target)
        finally:
            if not is_here:
                why.unlink(missing_ok=True)
        for other, its in beside if is_here else ():
            _moved(other, its, target.with_name(renamed(other.name, path.name, target.name)))


def _moved(path: Path, mark: Mark, target: Path) -> bool:
    """Rename, or copy where the target lies on another disk; whether it was still the file of that mark."""
    try:
        is_gone = taken_away(path, mark, target)
    except OSError as problem:
        if problem.errno != errno.EXDEV:
            raise
        is_gone = _copied(path, mark, target)
    if is_gone and stat.S_ISREG(target.lstat().st_mode):
        with suppress(OSError):  # it is here, if not for its owner alone
            take_over(target)
    return is_gone


def _copied(path: Path, mark: Mark, target: Path) -> bool:
    part = target.with_name(f".{uuid.uuid4().hex}")
    is_gone = False
    try:
        if path.is_symlink():
            part.symlink_to(path.readlink())
        else:
            with opened(path) as source, part.open("xb") as copy:
                shutil.copyfileobj(source, copy)
        is_gone = delete(path, mark)
        if is_gone:
            part.rename(target)
    except FileNotFoundError:  # it went away
        pass
    finally:
        part.unlink(missing_ok=True)
    return is_gone
