"""Photos in flight: which ones the bot works on now, noted on the disk, so that one at which it crashes again
and again is known after a restart.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tagbot.errors import Reject, Retry
from tagbot.lib.crashes import MAX_CRASHES
from tagbot.photos.decoder import DecoderCrashed

CRASHED = f"the bot, or its decoder, crashed {MAX_CRASHES} times while it worked on this photo"


class PhotosInFlight:
    """A folder with a file for each, which holds how often the bot began and did not end.

    Any thread may call.
    """

    def __init__(self, folder: Path) -> None:
        """It does not have to be there yet."""
        self._folder = folder
        self._lock = threading.Lock()
        """Guards files and counter."""
        self._threads: Counter[str] = Counter()
        """By photo: the same one may have been put into the inbox several times."""

    @contextmanager
    def tracking(self, sha256: str) -> Iterator[None]:
        """While the bot works on a photo. Raises `Reject` when there were too many crashes."""
        note = self._folder / sha256
        with self._lock:
            if not self._threads[sha256]:
                self._begin(note)
            self._threads[sha256] += 1
        crashed = False
        try:
            yield
        except DecoderCrashed:
            crashed = True
            raise
        finally:
            with self._lock:
                self._threads[sha256] -= 1
                if not self._threads[sha256]:
                    del self._threads[sha256]
                    if not crashed:
                        note.unlink(missing_ok=True)

    def _begin(self, note: Path) -> None:
        try:
            crashes = _count(note)
            if crashes >= MAX_CRASHES:
                note.unlink(missing_ok=True)  # put into the inbox again, it is tried again
                raise Reject(CRASHED)
            self._folder.mkdir(parents=True, exist_ok=True)
            note.write_text(str(crashes + 1), encoding="ascii")
        except OSError as problem:
            raise Retry(f"cannot write to {self._folder}: {problem.strerror}") from None


def _count(note: Path) -> int:
    """A file that holds nothing, as a power cut may leave it, counts as none."""
    try:
        return int(note.read_bytes() or b"0")
    except (FileNotFoundError, ValueError):
        return 0
