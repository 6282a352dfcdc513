"""The inbox as a folder on this machine."""

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tagbot.errors import Reject, Retry
from tagbot.lib.health import Health
from tagbot.lib.owner_only import give_to_owner_of
from tagbot.photos.inbox import Arrived, InboxDelivery
from tagbot.photos.inbox.file_names import SIDECAR, is_sidecar, named
from tagbot.photos.inbox.folder_listing import listed, own_sidecar_of, sidecar_of, size
from tagbot.photos.inbox.rejected_folder import RejectedFolder
from tagbot.photos.inbox.settled_files import Settling
from tagbot.photos.known_photos import identity
from tagbot.photos.photo_limits import bytes_of

SCAN_SECONDS = 0.25
"""How often the folder is looked through."""


class FolderInbox:
    """The folder `INBOX` and, beside it, `rejected/`. Any thread may call."""

    def __init__(self, folder: Path, rejected: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Neither has to be there yet."""
        self.folder = folder
        self.rejected = rejected
        self.clock = clock
        self.health = Health()
        self._rejected = RejectedFolder(rejected)
        self._settling = Settling()
        self._in_hand: set[str] = set()
        self._ready: list[str] = []
        """The oldest name last, as they are popped."""
        self._scanned_at = -SCAN_SECONDS
        self._lock = threading.Lock()
        """Guards the four above."""
        self._closed = threading.Event()

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rejected.mkdir(parents=True, exist_ok=True)

    def add(self, stem: str, suffix: str, sha256: str, photo: bytes, sidecar: bytes | None) -> None:
        # Named after its content too: two folders may both have a photo.jpg, and the same photo twice is one
        # file.
        target = self.folder / named(stem, f"-{sha256[:8]}{suffix}")
        if sidecar is not None:
            _put(target.with_suffix(SIDECAR), sidecar)
        _put(target, photo)

    def waits(self, sha256: str) -> bool:
        for photo in self.folder.glob(f"*-{sha256[:8]}.*"):
            with suppress(FileNotFoundError):  # taken over just now
                if identity(photo.read_bytes()) == sha256:
                    return True
        return False

    def get(self, timeout: float) -> InboxDelivery | None:
        until = self.clock() + timeout
        while not self._closed.is_set():
            with self._lock:
                if not self._ready and self.clock() - self._scanned_at >= SCAN_SECONDS:
                    self._scan()
                if self._ready:
                    name = self._ready.pop()
                    self._in_hand.add(name)
                    return InboxDelivery(self, name, self._settling.attempt(name))
            if self.clock() >= until:
                return None
            self._closed.wait(SCAN_SECONDS)
        return None

    def read(self, name: str) -> Arrived:
        path = self.folder / name
        with self.health.watching("read"):
            try:
                sidecar = sidecar_of(path)
                return Arrived(bytes_of(path), bytes_of(sidecar) if sidecar is not None else None)
            except FileNotFoundError:
                raise Reject("the file went away before it was read") from None
            except OSError as problem:
                raise Retry(f"cannot read the inbox: {problem.strerror}") from None

    def waiting(self) -> int:
        try:
            return sum(not is_sidecar(entry.name) for entry in listed(self.folder))
        except FileNotFoundError:
            return 0

    def remove(self, name: str) -> None:
        path = self.folder / name
        try:
            path.unlink(missing_ok=True)
            sidecar = own_sidecar_of(path)
            if sidecar is not None:
                sidecar.unlink(missing_ok=True)
        except OSError as problem:
            raise Retry(f"cannot remove a photo from the inbox: {problem.strerror}") from None
        self._forget(name)

    def put_back(self, name: str, seconds: float) -> None:
        with self._lock:
            self._settling.put_back(name, self.clock() + seconds)
            self._in_hand.discard(name)

    def refuse(self, name: str, reason: str) -> None:
        path = self.folder / name
        try:
            self._rejected.take(path, own_sidecar_of(path), reason)
        except OSError as problem:
            raise Retry(f"cannot move a file to {self.rejected}: {problem.strerror}") from None
        finally:
            self._forget(name)

    def check(self) -> str:
        return f"{self.waiting()} photos wait in {self.folder}"

    def close(self) -> None:
        self._closed.set()

    def _scan(self) -> None:
        """Look the folder through for photos that are whole and due."""
        self._scanned_at = self.clock()
        with self.health.watching("look"):
            try:
                sizes = {entry.name: size(entry) for entry in listed(self.folder)}
            except OSError as problem:
                raise Retry(f"cannot look into the inbox {self.folder}: {problem.strerror}") from None
        due = self._settling.look(sizes, self._scanned_at)
        self._ready = [name for name in reversed(due) if name not in self._in_hand]

    def _forget(self, name: str) -> None:
        with self._lock:
            self._in_hand.discard(name)
            self._settling.forget(name)


def _put(target: Path, content: bytes) -> None:
    """Under a hidden name first, so that the bot never meets half a file."""
    hidden = target.with_name(f".{uuid.uuid4().hex}")
    try:
        hidden.write_bytes(content)
        give_to_owner_of(target.parent, hidden)
        hidden.replace(target)
    finally:
        hidden.unlink(missing_ok=True)
