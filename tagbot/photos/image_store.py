"""Where pictures are kept, by key: the interface, a folder on this machine, and Amazon S3."""

import os
import re
import shutil
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tagbot.errors import Reject, Retry
from tagbot.lib.health import Health

if TYPE_CHECKING:  # boto3, which that imports, takes a fifth of a second: only a bot on S3 needs it
    from tagbot.aws.s3_api import Bucket


class ImageStore(Protocol):
    """Pictures by key, such as `faces/<id>/crop.jpg`. All methods may be called from any thread.

    Each raises `Retry` when the store cannot be used now.
    """

    @property
    def health(self) -> Health:
        """How its calls go."""

    def put(self, key: str, picture: bytes) -> None:
        """Keep a picture, in place of the one that has this key; it is safe when this returns."""

    def get(self, key: str) -> bytes:
        """The picture; raises `Reject` when there is none."""

    def delete(self, key: str) -> None:
        """Forget a picture; no error when there is none."""

    def keys(self) -> Iterator[str]:
        """The keys of all pictures, in the same order each time as long as nothing changes; only some of them
        are in memory at a time.
        """

    def check(self) -> str:
        """Try the store and say in a few words what answered."""


KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
"""No part of a key begins with a dot, so none is hidden or leads upwards."""

TRIAL = "check/"
"""Begins the keys of what `check` puts, which is no picture where a crash left it."""


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
        """As the interface says."""
        path = self._path(key)
        with self._failures("written"):
            with self._folders:
                _make_folder(path.parent)
                # Beside its place, as only within one file system a rename puts it there in one step.
                descriptor, unfinished = tempfile.mkstemp(prefix=_unfinished(path), dir=path.parent)
                self._being_written.add(unfinished)
            try:
                _write(descriptor, Path(unfinished), path, picture)
            finally:
                self._being_written.discard(unfinished)

    def get(self, key: str) -> bytes:
        """As the interface says."""
        path = self._path(key)
        with self._failures("read"):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                self._folder.stat()  # a folder that is missing as a whole may be a disk that is not mounted
        raise Reject(f"the picture {key} is missing")

    def delete(self, key: str) -> None:
        """As the interface says; what a crash left of writing it goes too."""
        path = self._path(key)
        with self._failures("deleted"), self._folders:
            for leftover in (path, *path.parent.glob(f"{_unfinished(path)}*")):
                if str(leftover) not in self._being_written:
                    leftover.unlink(missing_ok=True)
            self._prune(path.parent)

    def keys(self) -> Iterator[str]:
        """As the interface says; those of one of the 256 folders are in memory."""
        with self._failures("listed"):
            shelves = sorted(entry for entry in self._folder.iterdir() if entry.is_dir())
        for shelf in shelves:
            yield from sorted(key for key in self._files(shelf) if self._is_picture(shelf, key))

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
        shelf = sha256(_checked(key).rpartition("/")[0].encode()).hexdigest()[:2]
        return self._folder / shelf / key

    def _files(self, shelf: Path) -> list[str]:
        with self._failures("listed"):
            return [
                Path(folder, name).relative_to(shelf).as_posix()
                for folder, _, names in os.walk(shelf, onerror=_fail)
                for name in names
            ]

    def _is_picture(self, shelf: Path, name: str) -> bool:
        return _is_of_picture(name) and self._path(name) == shelf / name

    def _prune(self, folder: Path) -> None:
        """Remove a folder and those above it that it leaves empty."""
        while folder != self._folder:
            try:
                folder.rmdir()
            except FileNotFoundError:
                pass  # never made, or somebody else pruned it
            except OSError:
                return  # something is in it
            folder = folder.parent

    @contextmanager
    def _failures(self, verb: str) -> Iterator[None]:
        with self.health.watching(verb):
            try:
                yield
            except OSError as why:
                raise Retry(f"pictures in {self._folder} cannot be {verb}: {why.strerror or why}") from why


class S3Store:
    """Pictures as objects below a prefix of a bucket, for whoever the bucket's owner lets in.

    S3 stores an object whole or not at all, and shows it to everybody once `put` has returned.
    """

    def __init__(self, bucket: "Bucket") -> None:
        """Nothing is called before the first picture."""
        self.health = bucket.health
        self._bucket = bucket

    def put(self, key: str, picture: bytes) -> None:
        """As the interface says."""
        self._bucket.put(_checked(key), picture, "image/jpeg")

    def get(self, key: str) -> bytes:
        """As the interface says."""
        from tagbot.aws.s3_api import Missing

        try:
            return self._bucket.get(_checked(key)).content
        except Missing:
            raise Reject(f"the picture {key} is missing") from None

    def delete(self, key: str) -> None:
        """As the interface says."""
        self._bucket.delete(_checked(key))

    def keys(self) -> Iterator[str]:
        """As the interface says."""
        for page in self._bucket.pages():
            yield from (listed.name for listed in page if _is_of_picture(listed.name))

    def check(self) -> str:
        """Write, read and delete an object."""
        key = f"{TRIAL}{uuid.uuid4()}"
        self.put(key, b"a picture")
        self.get(key)
        self.delete(key)
        return f"{self._bucket} can be written"


def _write(descriptor: int, unfinished: Path, path: Path, content: bytes) -> None:
    """Fill the unfinished file and put it in its place."""
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


def _checked(key: str) -> str:
    """The key; raises `ValueError` for one that none of our code makes."""
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key for a picture")
    return key


def _is_of_picture(name: str) -> bool:
    return KEY.fullmatch(name) is not None and not name.startswith(TRIAL)


def _fail(why: OSError) -> None:
    """Otherwise `os.walk` leaves out what it cannot list."""
    raise why


def _unfinished(path: Path) -> str:
    """What the name of a file that is still being written begins with."""
    return f".{path.name}-"


def _make_folder(folder: Path) -> None:
    """With its parents, each of them durable."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
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
