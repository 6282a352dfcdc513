"""Files and folders for their owner alone: no other user of the machine reads them, or locks them."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

OTHERS = 0o077
"""The rights of everybody but the owner."""


@contextmanager
def for_owner_alone() -> Iterator[None]:
    """Whatever this process makes meanwhile is its user's alone; so is what its children make."""
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def tighten(path: Path) -> bool:
    """Take a file or folder away from others, and leave alone what a link leads to; whether that could be
    done, or was not needed.
    """
    try:
        found = path.lstat()
        if found.st_mode & OTHERS and not stat.S_ISLNK(found.st_mode):
            path.chmod(found.st_mode & (stat.S_IRWXU if stat.S_ISDIR(found.st_mode) else 0o600))
            return not path.lstat().st_mode & OTHERS  # some file systems take a mode and keep none
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


def take_over(path: Path) -> None:
    """The same for a file that another user may have put here: one that cannot be changed is replaced by a
    copy. Raises `OSError`.
    """
    if not tighten(path):
        descriptor, copy = tempfile.mkstemp(prefix=".", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file, path.open("rb") as original:
            shutil.copyfileobj(original, file)
        Path(copy).replace(path)


def give_to_owner_of(folder: Path, path: Path) -> None:
    """Of what the administrator puts into another user's folder, make that user the owner."""
    if os.geteuid() == 0:
        owner = folder.stat()
        with suppress(OSError):  # a file system that has no owners
            os.chown(path, owner.st_uid, owner.st_gid)
