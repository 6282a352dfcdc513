"""A lock that one process at a time holds, and that the system lets go of when the process dies."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

OWNER_ONLY = 0o600
"""Mode of the file: another user of the machine who may open it could hold the lock."""


class AlreadyRunning(Exception):  # noqa: N818 - it says what is the case, and is no failure of ours
    """Another process holds the lock."""

    def __init__(self, path: Path, owner: str) -> None:
        """`owner` is the other process's id, empty if it is not known."""
        super().__init__(f"another process{f' ({owner})' if owner else ''} is running: it holds {path}")


class ProcessLock:
    """Held from `with` to its end; a second holder gets `AlreadyRunning` at once.

    The file stays behind: deleting it would let a third process lock a new file of the same name while a
    second one still waits for the old. Its text, the owner's id, is for people only.
    """

    def __init__(self, path: Path, *, wait: bool = False) -> None:
        """With `wait`, a second holder waits for its turn instead."""
        self._path = path
        self._how = fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB)
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
        try:
            fcntl.flock(descriptor, self._how)
            with suppress(PermissionError):  # another user's file, who gave us the right to write there
                os.fchmod(descriptor, OWNER_ONLY)  # earlier versions let everybody read it
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except BlockingIOError:
            owner = os.read(descriptor, 20).decode(errors="replace").strip()
            os.close(descriptor)
            raise AlreadyRunning(self._path, owner) from None
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)  # which lets go of the lock
            self._descriptor = None
