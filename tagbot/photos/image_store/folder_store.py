"""The image store as a folder on this machine."""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from tagbot.errors import Reject, Retry
from tagbot.lib.health import Health
from tagbot.photos.image_store import TRIAL, checked, is_of_picture
from tagbot.photos.image_store.durable_file import fill, make_folder


class FolderStore:
    """Pictures as files below a folder, for the bot's own user only.

    A file is whole or not there, also after a power cut. `faces/<id>/crop.jpg` lies in `4f/faces/<id>/`:
    the two letters come from a hash, so that a million faces share 256 folders.
    """

    def __init__(self, folder: Path) -> None:
        """The folder is made when the first picture comes."""
        self.health = Health()
        self._folder = folder
        # Held so that no thread removes the folder that another has just made for its file.
        self._folders = threading.Lock()
        self._being_written: set[str] = set()
        """Files that are no leftovers of a crash: a thread here is at work on them."""

    def put(self, key: str, picture: bytes) -> None:
        path = self._path(key)
        with self._failures("written"):
            with self._folders:
                make_folder(path.parent)
                # Beside its place, as only within one file system a rename puts it there in one step.
                descriptor, unfinished = tempfile.mkstemp(prefix=_unfinished(path), dir=path.parent)
                self._being_written.add(unfinished)
            try:
                fill(descriptor, Path(unfinished), path, picture)
            finally:
                self._being_written.discard(unfinished)

    def get(self, key: str) -> bytes:
        path = self._path(key)
        with self._failures("read"):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                self._folder.stat()  # a folder that is missing as a whole may be a disk that is not mounted
        raise Reject(f"the picture {key} is missing")

    def delete(self, key: str) -> None:
        """A crash's leftover of writing it goes too, and so does a folder that is left empty."""
        path = self._path(key)
        with self._failures("deleted"), self._folders:
            for leftover in (path, *path.parent.glob(f"{_unfinished(path)}*")):
                if str(leftover) not in self._being_written:
                    leftover.unlink(missing_ok=True)
            folder = path.parent
            while folder != self._folder:
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    pass  # never made, or already removed
                except OSError:
                    return  # something is in it
                folder = folder.parent

    def forget_versions(self, key: str) -> bool:  # noqa: ARG002 - a file has none
        return True

    def keys(self) -> Iterator[str]:
        """Those of one of the 256 folders are in memory."""
        with self._failures("listed"):
            shelves = sorted(entry for entry in self._folder.iterdir() if entry.is_dir())
        for shelf in shelves:
            with self._failures("listed"):
                names = [
                    Path(folder, name).relative_to(shelf).as_posix()
                    for folder, _, names in os.walk(shelf, onerror=_raise)
                    for name in names
                ]
            yield from sorted(
                name for name in names if is_of_picture(name) and self._path(name) == shelf / name
            )

    def check(self) -> str:
        """Write, read and delete a file."""
        key = f"{TRIAL}{os.getpid()}"
        self.put(key, b"a picture")
        self.get(key)
        self.delete(key)
        with self._failures("counted"):
            free = shutil.disk_usage(self._folder).free
        return f"{self._folder} can be written, {free / 1e9:.1f} GB free"

    def _path(self, key: str) -> Path:
        shelf = sha256(checked(key).rpartition("/")[0].encode()).hexdigest()[:2]
        return self._folder / shelf / key

    @contextmanager
    def _failures(self, verb: str) -> Iterator[None]:
        with self.health.watching(verb):
            try:
                yield
            except OSError as why:
                raise Retry(f"pictures in {self._folder} cannot be {verb}: {why.strerror or why}") from why


def _unfinished(path: Path) -> str:
    """The beginning of the name of a file that is still being written."""
    return f".{path.name}-"


def _raise(why: OSError) -> None:
    """Otherwise `os.walk` leaves out what it cannot list."""
    raise why
