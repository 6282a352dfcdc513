"""A lock that one process at a time holds, and that the system lets go of when the process dies."""

import fcntl
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

OWNER_ONLY = 0o600
"""Mode of the file: another user of the machine who may open it could hold the lock."""

LOCKS = Path("/proc/locks")
"""Linux says here who holds which; elsewhere that is not known."""


class AlreadyRunning(Exception):  # noqa: N818 - it says what is the case, and is no failure of ours
    """Another process holds the lock."""

    def __init__(self, path: Path, owner: str) -> None:
        """`owner` is the other process's id, empty if it is not known."""
        super().__init__(f"another process{f' ({owner})' if owner else ''} is running: it holds {path}")


class ProcessLock:
    """Held from `with` to its end; a second holder gets `AlreadyRunning` at once.

    The file stays behind: deleting it would let a third process lock a new file of the same name while a
    second one still waits for the old. Its text, the owner's id, is for people only. Only a lock that another
    user holds, to whom an earlier version left the file open, is left to them: a new file takes its place.
    """

    def __init__(self, path: Path, *, wait: bool = False) -> None:
        """With `wait`, a second holder waits for its turn instead."""
        self._path = path
        self._wait = wait
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        while self._descriptor is None:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNER_ONLY)
            try:
                if self._locked(descriptor):
                    self._descriptor = descriptor
            finally:
                if self._descriptor is None:
                    os.close(descriptor)
        return self

    def _locked(self, descriptor: int) -> bool:
        """Lock the file; whether it still has the lock's name then."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _is_held_by_another_user(descriptor):
                _replace(self._path)
                return False
            if not self._wait:
                owner = os.read(descriptor, 20).decode(errors="replace").strip()
                raise AlreadyRunning(self._path, owner) from None
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not _has_name(descriptor, self._path):
            return False
        with suppress(PermissionError):  # another user's file, who gave us the right to write there
            os.fchmod(descriptor, OWNER_ONLY)  # earlier versions let everybody read it
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)  # which lets go of the lock
            self._descriptor = None


def _is_held_by_another_user(descriptor: int) -> bool:
    """Whether all who hold it are known not to be the user whose file it is, nor the administrator."""
    file = os.fstat(descriptor)
    holders = []
    with suppress(OSError):
        for line in LOCKS.read_text().splitlines():
            # “1: FLOCK ADVISORY WRITE 17466 fe:00:2146352 0 EOF”; with an arrow it is one that waits.
            _, kind, *_, process, place, _, _ = line.split()
            if kind == "FLOCK" and place.endswith(f":{file.st_ino}"):
                holders.append(Path("/proc", process).stat().st_uid)
    return bool(holders) and not {file.st_uid, os.geteuid(), 0} & set(holders)


def _replace(path: Path) -> None:
    """Put a new file in its place, which nobody has open."""
    descriptor, new = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(descriptor)
    Path(new).replace(path)


def _has_name(descriptor: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False
