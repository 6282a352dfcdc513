"""All that belongs into a backup, in the order in which it fits together."""

import os
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from tagbot.database.restored import have_open_requests_shown_anew
from tagbot.errors import Reject, Retry
from tagbot.maintenance.backup.archive import Archive, new_archive
from tagbot.maintenance.backup.one_moment import FilesAtOnce, at_one_moment
from tagbot.photos.regular_file import Mark, NotRegular, mark_of, opened
from tagbot.settings import Settings

DATABASE = "tagbot.db"

IMAGES = "images"

SANDBOX = "sandbox"
"""The folder of what `--sandbox` plays with."""

LOCKS = ("lock", ".migrating")
"""Ends of names: they are nobody's where they are unpacked."""

OPERATORS = (".log", ".tar")
"""Ends of names, of what an operator may have put into DATA_DIR: logs, and earlier backups."""

MOST_OPEN = 400
"""Photos that may be opened at the moment itself; Linux lets a process have 1024 files open."""

PASSES = 20
"""Over the inbox, each of which copies only what has come during the one before."""

Watch = Callable[[Iterable[Any]], Iterable[Any]]
"""Hands on what comes, and shows how much that was."""


class _TooMany(Exception):  # noqa: N818 - an answer
    """More photos came during a pass than can be opened."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The contents of a backup."""

    at: datetime
    """The moment as of which everything is."""
    files: int
    bytes: int


def back_up(settings: Settings, file: Path, watch: Watch) -> BackedUp:
    """Write all that the bot keeps on this machine to `file`, whether or not the bot runs. Raises `Reject`
    and `Retry`.
    """
    databases = _databases(settings)
    _refuse(settings, file, databases)
    with new_archive(file) as archive:
        at = _copy_moment(settings, databases, archive, watch)
        for name, path in watch(_others(settings, databases)):
            _copy(archive, name, path)
        return BackedUp(at, archive.files, archive.bytes)


def left_out(settings: Settings) -> Iterator[str]:
    """Each thing that lies elsewhere, and what to do about it."""
    if not settings.database_url.startswith("sqlite:"):
        yield "the database, which lies on a server: back it up there, right after this (`pg_dump`)"
    if settings.queue_prefix is not None:
        yield "the messages, which lie at Amazon SQS: it keeps each for 14 days"
    if not isinstance(settings.image_store, Path):
        yield "the pictures, which lie at Amazon S3: versions of its objects are their backup"
    if _place(settings, settings.inbox) is None:
        yield "the photos that wait in INBOX, which lies elsewhere"
    if settings.training_backend == "rekognition":
        yield "the model, which lies at Amazon Rekognition: `reconcile --fix` sends it what it lacks"
    if _place(settings, settings.models) is None:
        yield "the recogniser's models, which lie elsewhere, in MODELS"
    yield "the settings, as there are secrets among them: keep a copy of .env in a safe place"


def elsewhere(settings: Settings) -> Iterator[str]:
    """A sentence for each thing that the settings want in another place than the one it is unpacked to."""
    scheme, _, path = settings.database_url.partition(":///")
    if scheme == "sqlite" and _place(settings, Path(path)) is None:
        yield f"Its {DATABASE} belongs to where DATABASE_URL says: {path}"
    if isinstance(settings.image_store, Path) and _place(settings, settings.image_store) is None:
        yield f"Its folder {IMAGES} belongs to where IMAGE_STORE says: {settings.image_store}"


def _place(settings: Settings, path: object) -> str | None:
    """Where a file or folder of this machine lies below DATA_DIR; None where it lies elsewhere."""
    data_dir = settings.data_dir.resolve()
    if isinstance(path, Path) and path.resolve().is_relative_to(data_dir):
        return path.resolve().relative_to(data_dir).as_posix()
    return None


def _databases(settings: Settings) -> dict[str, Path]:
    """The SQLite files that there are, each by its place below DATA_DIR; the one that most wait for first."""
    scheme, _, path = settings.database_url.partition(":///")
    found = {_place(settings, Path(path)) or DATABASE: Path(path)} if scheme == "sqlite" else {}
    return found | {
        f"queues/{file.name}": file for file in sorted((settings.data_dir / "queues").glob("*.db"))
    }


def _refuse(settings: Settings, file: Path, databases: Mapping[str, Path]) -> None:
    data_dir = settings.data_dir
    if not data_dir.is_dir() or not all(path.is_file() for path in databases.values()):
        raise Reject(f"there is nothing to back up: no bot has been at work in {data_dir}")
    here = _place(settings, file)
    if here is not None and "/" in here:
        raise Reject(f"{file} would lie in {data_dir / here.partition('/')[0]}, which is backed up")


def _copy_moment(
    settings: Settings, databases: Mapping[str, Path], archive: Archive, watch: Watch
) -> datetime:
    """Copy the inbox and the databases; the moment as of which they are."""
    place = _place(settings, settings.inbox)
    inbox = _Inbox(settings.data_dir, place)
    for _ in range(PASSES):
        for name, path in watch(inbox.new()):
            with suppress(OSError):  # which the inbox leaves alone too
                _copy(archive, name, path)
        with ExitStack() as photos, suppress(_TooMany):
            with at_one_moment(list(databases.values()), lambda: (inbox.opened(photos), _now())) as (
                files,
                (arrived, at),
            ):
                _copy_databases(archive, files, databases)
            for name, photo in arrived.items():
                archive.add(name, photo)
            return at
    raise Retry("photos come to the inbox faster than they can be copied")


def _copy_databases(archive: Archive, files: FilesAtOnce, databases: Mapping[str, Path]) -> None:
    with tempfile.TemporaryDirectory(prefix=f".{archive.file.name}-", dir=archive.file.parent) as folder:
        for name, path in databases.items():
            target = Path(folder, "copy.db")
            with files.copied(path, target) as copy:
                if not name.startswith("queues/"):
                    have_open_requests_shown_anew(copy)
            _copy(archive, name, target)
            target.unlink()


def _copy(archive: Archive, name: str, path: Path) -> None:
    """Nothing is copied where the file is gone: what was taken away since then is not missed."""
    with suppress(FileNotFoundError, NotRegular), opened(path) as file:
        archive.add(name, file)


def _now() -> datetime:
    return datetime.now(UTC)


class _Inbox:
    """Which of its files have been copied, as they are now."""

    def __init__(self, data_dir: Path, place: str | None) -> None:
        """`place` is below `data_dir`; None where the inbox lies elsewhere."""
        self._listed = partial(_below, f"{place}/", data_dir / place) if place else list
        self._copied: dict[str, Mark] = {}

    def new(self) -> Iterator[tuple[str, Path]]:
        """Those that have not."""
        for name, path in self._listed():
            with suppress(OSError):
                found = path.stat()
                if self._copied.get(name) != mark_of(found) and stat.S_ISREG(found.st_mode):
                    self._copied[name] = mark_of(found)
                    yield name, path

    def opened(self, photos: ExitStack) -> dict[str, BinaryIO]:
        """The same, open: whatever becomes of them, they can be copied later."""
        found: dict[str, BinaryIO] = {}
        before = dict(self._copied)
        for name, path in self.new():
            if len(found) == MOST_OPEN:
                self._copied = before
                raise _TooMany
            with suppress(OSError):
                found[name] = photos.enter_context(opened(path))
        return found


def _others(settings: Settings, databases: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    """Each file that is no database, nor in the inbox, by its place below DATA_DIR: all that there is, as a
    later version may keep more.
    """
    inbox = _place(settings, settings.inbox)
    left_alone = (*databases, f"{SANDBOX}/", *([f"{inbox}/"] if inbox else []))
    for place, path in _below("", settings.data_dir):
        is_operators = "/" not in place and place.endswith(OPERATORS)
        if not (is_operators or place.startswith(left_alone) or place.endswith(LOCKS)):
            yield place, path
    if isinstance(settings.image_store, Path) and _place(settings, settings.image_store) is None:
        yield from _below(f"{IMAGES}/", settings.image_store)


def _below(beginning: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Its files but the hidden ones, which are still being written; their places begin so."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in sorted(files):
            path = Path(here, name)
            if not name.startswith("."):
                yield f"{beginning}{path.relative_to(folder).as_posix()}", path
