"""Files that are whole or not there, also after a power cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def fill(descriptor: int, unfinished: Path, path: Path, content: bytes) -> None:
    """Fill an open file and put it in its place, in the same folder; whatever fails, it leaves no half one.

    Raises `OSError`.
    """
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        # Opened while the unfinished file still holds the folder: as soon as the picture is in its place,
        # another thread may delete it, and the folder with it.
        with _to_sync(path.parent) as folder:
            unfinished.replace(path)
            os.fsync(folder)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def make_folder(folder: Path) -> None:
    """With its parents, each of them durable, for the bot's own user only."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    with _to_sync(folder.parent) as parent:
        os.fsync(parent)


@contextmanager
def _to_sync(folder: Path) -> Iterator[int]:
    """A descriptor whose fsync makes the names in the folder durable: fsync of a file says nothing about its
    name.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
