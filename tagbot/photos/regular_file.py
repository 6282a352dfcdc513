"""Files of strangers: only regular ones are opened, none is waited for, and each is known by its mark."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

Mark = tuple[int, ...]
"""By which a file is told from another one of its name, and from itself before it was changed: device, inode,
size, and the times of its content's and its own last change in nanoseconds. Of a link, those of the link and
then those of what it leads to.
"""

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
"""What a file that is not regular is, by its type."""


class NotRegular(OSError):  # noqa: N818 - it says what it is
    """It is no file that has a content of its own."""

    def __init__(self, mode: int) -> None:
        """`mode` as `stat` gives it."""
        super().__init__(None, f"it is {KINDS.get(stat.S_IFMT(mode), 'no regular file')}")


class Changed(Exception):  # noqa: N818 - an answer
    """It is not, or no longer, what it was when it was looked at."""


def mark_of(status: os.stat_result) -> Mark:
    """One of the two halves of a link's, or all of a file's."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def mark_now(path: Path) -> Mark:
    """Raises `OSError`."""
    status = path.lstat()
    return mark_of(status) + (mark_of(path.stat()) if stat.S_ISLNK(status.st_mode) else ())


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file, or a link to one, for reading. Raises `OSError`, of anything else `NotRegular`."""
    if not stat.S_ISREG(mode := path.stat().st_mode):  # to open a device may already do something
        raise NotRegular(mode)
    # What comes in its place meanwhile may be a pipe, to which nobody else need ever come.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(mode := os.fstat(file.fileno()).st_mode):
            raise NotRegular(mode)
        yield file


def content_of(path: Path, mark: Mark, most: int) -> bytes:
    """The first `most` bytes of the file of that mark. Raises `OSError`, and `Changed`, also when it was
    written to while it was read.
    """
    if mark_now(path) != mark:
        raise Changed
    with opened(path) as file:
        marks = [mark_of(os.fstat(file.fileno()))]
        content = file.read(most)
        marks.append(mark_of(os.fstat(file.fileno())))
    if any(each != mark[-len(each) :] for each in marks):
        raise Changed
    return content
