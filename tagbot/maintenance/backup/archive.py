"""The one file of a backup: a tar archive that is whole or not there."""

import errno
import os
import stat
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tagbot.errors import Reject

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""Of the disk that it is written to, as all else is only read."""


class Archive:
    """It is written to; each file has its place below `DATA_DIR` as its name."""

    def __init__(self, tar: tarfile.TarFile, file: Path) -> None:
        """`file` is where it will be."""
        self.file = file
        self._tar = tar
        self._folders: set[str] = set()
        self.files = 0
        self.bytes = 0

    def add(self, name: str, file: IO[bytes]) -> None:
        """Copy an open file, as long as it is now; the file may grow, shrink or lose its name meanwhile."""
        found = os.fstat(file.fileno())
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = found.st_size, found.st_mtime, found.st_mode & stat.S_IRWXU
        info.uid, info.gid = found.st_uid, found.st_gid
        self._add_folders(name)
        self._tar.addfile(info, _AsLongAsItWas(file))  # type: ignore[arg-type]  # it has all that is called
        self.files += 1
        self.bytes += info.size

    def _add_folders(self, name: str) -> None:
        """For their owner alone, before what is in them."""
        folder = name.rpartition("/")[0]
        if folder and folder not in self._folders:
            self._add_folders(folder)
            self._folders.add(folder)
            info = tarfile.TarInfo(folder)
            info.type, info.mode, info.mtime = tarfile.DIRTYPE, 0o700, int(time.time())
            info.uid, info.gid = os.geteuid(), os.getegid()
            self._tar.addfile(info)


class _AsLongAsItWas:
    """A file that, once it ends early, goes on with zeros."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        """Always as many bytes."""
        return self._file.read(size).ljust(size, b"\0")


@contextmanager
def new_archive(file: Path) -> Iterator[Archive]:
    """Write an archive beside its place, and put it there at the end. Raises `Reject` where something is
    there already; nothing is left behind of what fails.
    """
    if file.exists() or file.is_symlink():
        raise Reject(f"{file} is there already, and nothing is overwritten")
    if not file.parent.is_dir():
        raise Reject(f"there is no folder {file.parent}")
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(descriptor, "wb") as written:
            with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield Archive(tar, file)
            written.flush()
            os.fsync(descriptor)
        _put_in_place(Path(unfinished), file)
    except OSError as why:
        if why.errno not in FULL:
            raise
        raise Reject(f"{file} cannot be written: {why.strerror}; nothing of it is left") from why
    finally:
        Path(unfinished).unlink(missing_ok=True)


def _put_in_place(unfinished: Path, file: Path) -> None:
    try:
        os.link(unfinished, file)  # unlike a renaming, it replaces nothing
    except FileExistsError:
        raise Reject(f"{file} is there already, and nothing is overwritten") from None
    except OSError as refused:
        if refused.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        unfinished.rename(file)  # a file system without links
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
