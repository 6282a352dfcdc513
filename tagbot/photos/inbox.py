"""The inbox, in which photos wait to be taken over: the interface, and a folder on this machine.

For the worker it is a queue like the others, only that its messages are files: acknowledged, a photo is gone;
buried, it lies in `rejected/` beside a text that says why. What is not yet done stays where it is.
"""

import errno
import hashlib
import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

from tagbot.errors import Reject, Retry
from tagbot.lib.health import Health
from tagbot.photos.pictures import bytes_of

SETTLED_SECONDS = 1.0
"""A file counts when its size has not changed for this long: until then somebody may still be writing it."""

SCAN_SECONDS = 0.25
"""How often the folder is looked through."""

SIDECAR = ".json"

WHY = ".error.txt"
"""What is added to the name of a file that was refused, for the text that says why."""

LONGEST_NAME = 255 - len(WHY)
"""Bytes of a name that leave room for that, of the 255 that file systems allow."""

LONGEST_SUFFIX = 20
"""Bytes of what follows a name's last dot that are kept where the name is too long."""

LONE_SIDECAR_SECONDS = 600.0
"""A sidecar is put there before its photo; one whose photo has not come by then is refused."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A photo with what its sender wrote beside it."""

    photo: bytes
    sidecar: bytes | None


class Inbox(Protocol):
    """Photos by name. Any thread may call; whatever cannot be done now raises `Retry`."""

    clock: Callable[[], float]
    health: Health
    """How its calls go."""

    def prepare(self) -> None:
        """Make what photos can be put into."""

    def add(self, stem: str, suffix: str, sha256: str, photo: bytes, sidecar: bytes | None) -> None:
        """Put a photo there, under a name that is made of the rest."""

    def waits(self, sha256: str) -> bool:
        """Whether this photo was added before and has not been taken over yet."""

    def get(self, timeout: float) -> "InboxDelivery | None":
        """The next photo that is whole; None when there was none within `timeout` seconds."""

    def read(self, name: str) -> Arrived:
        """The bytes of a photo and of its sidecar; raises `Reject` when it is gone."""

    def waiting(self) -> int | None:
        """How many photos wait, as far as can be told quickly; None when that is not known now."""

    def remove(self, name: str) -> None:
        """Delete a photo and its sidecar."""

    def put_back(self, name: str, seconds: float) -> None:
        """Leave a photo for a later attempt."""

    def refuse(self, name: str, reason: str) -> None:
        """Move a photo with its sidecar to `rejected/`, beside a text that says why."""

    def check(self) -> str:
        """Try the inbox, and say in a few words what answered."""

    def close(self) -> None:
        """Wake the waiting."""


@dataclass(slots=True)
class _Seen:
    """What the inbox remembers of a file between two looks at the folder."""

    size: int
    since: float
    attempt: int = 1
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class InboxDelivery:
    """One handing-out of a file."""

    inbox: Inbox
    name: str
    attempt: int

    @property
    def id(self) -> str:
        """Made from the file's name without telling it, as it ends in the log and may be a person's."""
        return f"inbox:{hashlib.sha256(self.name.encode(errors='surrogateescape')).hexdigest()[:12]}"

    @property
    def body(self) -> Mapping[str, str]:
        return {"name": self.name}

    def ack(self) -> None:
        """The photo was taken over: it leaves the folder."""
        self.inbox.remove(self.name)

    def retry_after(self, seconds: float, error: str) -> None:  # noqa: ARG002 - the log has the error
        """It stays where it is and is handed out again later."""
        self.inbox.put_back(self.name, seconds)

    def bury(self, error: str, *, given_up: bool = False) -> None:  # noqa: ARG002 - nobody gives up on a photo
        """It moves to `rejected/`."""
        self.inbox.refuse(self.name, error)


class FolderInbox:
    """The folder `INBOX` and, beside it, `rejected/`. Any thread may call."""

    def __init__(self, folder: Path, rejected: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Neither has to be there yet."""
        self.folder = folder
        self.rejected = rejected
        self.clock = clock
        self.health = Health()
        self._seen: dict[str, _Seen] = {}
        self._in_hand: set[str] = set()
        self._ready: list[str] = []
        self._scanned_at = -SCAN_SECONDS
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def prepare(self) -> None:
        """Make both folders."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rejected.mkdir(parents=True, exist_ok=True)

    def add(self, stem: str, suffix: str, sha256: str, photo: bytes, sidecar: bytes | None) -> None:
        """As the interface says."""
        # Named after its content too: two folders may both have a photo.jpg, and the same photo twice is one
        # file.
        target = self.folder / named(stem, f"-{sha256[:8]}{suffix}")
        if sidecar is not None:
            _put(target.with_suffix(SIDECAR), sidecar)
        _put(target, photo)

    def waits(self, sha256: str) -> bool:
        """As the interface says."""
        for photo in self.folder.glob(f"*-{sha256[:8]}.*"):
            with suppress(FileNotFoundError):  # taken over just now
                if hashlib.sha256(photo.read_bytes()).hexdigest() == sha256:
                    return True
        return False

    def get(self, timeout: float) -> InboxDelivery | None:
        """As the interface says."""
        until = self.clock() + timeout
        while not self._closed.is_set():
            found = self._next()
            if found is not None or self.clock() >= until:
                return found
            self._closed.wait(SCAN_SECONDS)
        return None

    def read(self, name: str) -> Arrived:
        """As the interface says."""
        path = self.folder / name
        with self.health.watching("read"):
            try:
                sidecar = _sidecar_of(path)
                return Arrived(bytes_of(path), bytes_of(sidecar) if sidecar is not None else None)
            except FileNotFoundError:
                raise Reject("the file went away before it was read") from None
            except OSError as problem:
                raise Retry(f"cannot read the inbox: {problem.strerror}") from None

    def waiting(self) -> int:
        """As the interface says; none where the folder is missing."""
        try:
            return sum(
                1 for entry in os.scandir(self.folder) if _counts(entry) and not is_sidecar(entry.name)
            )
        except FileNotFoundError:
            return 0

    def remove(self, name: str) -> None:
        """As the interface says."""
        path = self.folder / name
        try:
            path.unlink(missing_ok=True)
            sidecar = self._own_sidecar(path)
            if sidecar is not None:
                sidecar.unlink(missing_ok=True)
        except OSError as problem:
            raise Retry(f"cannot remove a photo from the inbox: {problem.strerror}") from None
        self._forget(name)

    def put_back(self, name: str, seconds: float) -> None:
        """As the interface says."""
        with self._lock:
            seen = self._seen.get(name)
            if seen is not None:
                seen.attempt += 1
                seen.not_before = self.clock() + seconds
            self._in_hand.discard(name)

    def refuse(self, name: str, reason: str) -> None:
        """As the interface says."""
        path = self.folder / name
        target = _free_name(self.rejected, name)
        try:
            # The text first: a crash in between then leaves a photo that is refused again, never one without
            # a reason.
            target.with_name(f"{target.name}{WHY}").write_text(f"{reason}\n", encoding="utf-8")
            sidecar = self._own_sidecar(path)
            _move(path, target)
            if sidecar is not None:
                _move(sidecar, target.with_suffix(SIDECAR))
        except OSError as problem:
            raise Retry(f"cannot move a file to {self.rejected}: {problem.strerror}") from None
        finally:
            self._forget(name)

    def check(self) -> str:
        """As the interface says."""
        return f"{self.waiting()} photos wait in {self.folder}"

    def close(self) -> None:
        """As the interface says."""
        self._closed.set()

    def _next(self) -> InboxDelivery | None:
        with self._lock:
            if not self._ready and self.clock() - self._scanned_at >= SCAN_SECONDS:
                self._scan()
            if not self._ready:
                return None
            name = self._ready.pop()
            self._in_hand.add(name)
            return InboxDelivery(self, name, self._seen[name].attempt)

    def _scan(self) -> None:
        """Look the folder through: what is whole and due is ready, oldest name last, as they are popped."""
        now = self._scanned_at = self.clock()
        seen: dict[str, _Seen] = {}
        for entry in self._entries():
            size = _size(entry)
            before = self._seen.get(entry.name)
            seen[entry.name] = before if before and before.size == size else _Seen(size, now)
        self._seen = seen
        self._ready = sorted(
            (name for name, file in seen.items() if self._due(name, file, now)), reverse=True
        )

    def _entries(self) -> list[os.DirEntry[str]]:
        with self.health.watching("look"):
            try:
                with os.scandir(self.folder) as entries:
                    return [entry for entry in entries if _counts(entry)]
            except OSError as problem:
                raise Retry(f"cannot look into the inbox {self.folder}: {problem.strerror}") from None

    def _due(self, name: str, file: _Seen, now: float) -> bool:
        if name in self._in_hand or now < file.not_before:
            return False
        settled = LONE_SIDECAR_SECONDS if is_sidecar(name) else SETTLED_SECONDS
        return now - file.since >= settled and not (is_sidecar(name) and self._has_photo(name))

    def _has_photo(self, sidecar: str) -> bool:
        stem = Path(sidecar).stem
        return any(Path(name).stem == stem and not is_sidecar(name) for name in self._seen)

    def _own_sidecar(self, photo: Path) -> Path | None:
        """The sidecar that goes where this photo goes: none while another photo of the same name needs it."""
        sidecar = _sidecar_of(photo)
        if sidecar is None or sidecar == photo:
            return None
        others = (
            path
            for path in self.folder.glob(f"{_escaped(photo.stem)}.*")
            if path.stem == photo.stem and path not in (photo, sidecar)  # party.1.jpg has its own
        )
        return None if any(others) else sidecar

    def _forget(self, name: str) -> None:
        with self._lock:
            self._in_hand.discard(name)
            self._seen.pop(name, None)


def _counts(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and entry.is_file()


def is_sidecar(name: str) -> bool:
    """Whether a file of this name lies beside a photo."""
    return name.lower().endswith(SIDECAR)


def _sidecar_of(photo: Path) -> Path | None:
    """The sidecar beside a photo, if there is one; a name that is too long for one has none."""
    sidecar = photo.with_suffix(SIDECAR)
    try:
        return sidecar if sidecar.is_file() else None
    except OSError as problem:
        if problem.errno == errno.ENAMETOOLONG:
            return None
        raise


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat().st_size
    except FileNotFoundError:
        return -1


def _escaped(stem: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in stem)


def named(stem: str, ending: str) -> str:
    """A name for a file, or with the beginning of the stem where the text that says why it was refused could
    not be named after it.
    """
    room = LONGEST_NAME - len(os.fsencode(ending))
    encoded = os.fsencode(stem)
    return (stem if len(encoded) <= room else encoded[:room].decode(errors="ignore")) + ending


def names_like(name: str) -> Iterator[str]:
    """The name, then with a number before its suffix, for what is put where something else may lie."""
    stem = name.removesuffix(Path(name).suffix)
    suffix = os.fsencode(Path(name).suffix)[:LONGEST_SUFFIX].decode(errors="ignore")
    yield name if len(os.fsencode(name)) <= LONGEST_NAME else named(stem, suffix)
    for number in count(2):
        yield named(stem, f"-{number}{suffix}")


def _free_name(folder: Path, name: str) -> Path:
    """Where in the folder neither a file of that name, nor what belongs beside one, was put before."""
    paths = (folder / each for each in names_like(name))
    return next(
        path
        for path in paths
        if not any(
            each.exists() for each in (path, path.with_suffix(SIDECAR), path.with_name(f"{path.name}{WHY}"))
        )
    )


def _put(target: Path, content: bytes) -> None:
    """Under a hidden name first, so that the bot never meets half a file."""
    hidden = target.with_name(f".{uuid.uuid4().hex}")
    try:
        hidden.write_bytes(content)
        hidden.replace(target)
    finally:
        hidden.unlink(missing_ok=True)


def _move(source: Path, target: Path) -> None:
    """Rename, or copy where the target lies on another disk; a source that is gone is no error."""
    try:
        source.rename(target)
    except FileNotFoundError:
        return
    except OSError as problem:
        if problem.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, target)
        source.unlink()
