"""The inbox as a folder on this machine."""

import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tagbot.errors import Reject, Retry
from tagbot.lib.health import Health
from tagbot.lib.outage_log import OutageLog
from tagbot.lib.owner_only import give_to_owner_of
from tagbot.photos.inbox import Arrived, InboxDelivery
from tagbot.photos.inbox.companion_names import SHORTENED, companions_of, renamed
from tagbot.photos.inbox.file_names import SIDECAR, named
from tagbot.photos.inbox.folder_listing import Unit, look, names_in, photos, units
from tagbot.photos.inbox.folder_problems import folder_problems
from tagbot.photos.inbox.rejected_folder import RejectedFolder
from tagbot.photos.inbox.settled_files import AGAIN_SECONDS, CUT_OFF_SECONDS, SETTLED_SECONDS, Settling
from tagbot.photos.inbox.sidecar_names import sidecars_of
from tagbot.photos.inbox.taken_away import ABANDONED_SECONDS, delete, recover
from tagbot.photos.known_photos import identity
from tagbot.photos.photo_limits import MAX_BYTES, bytes_of
from tagbot.photos.regular_file import Changed, content_of

log = logging.getLogger(__name__)

SCAN_SECONDS = 0.25
"""How often the folder is looked through; less often where that takes long."""

SCAN_SHARE = 20
"""Of the time, one part in so many goes into looking."""

STUCK_SECONDS = 30.0
"""Between two attempts to take away what was dealt with."""

STAY = "photos that are taken over or refused stay in the inbox"


@dataclass(frozen=True, slots=True)
class Leaving:
    """A file that was dealt with, and could not be taken away."""

    unit: Unit
    reason: str | None
    """Why it is refused; None for one that was taken over."""


class FolderInbox:
    """The folder `INBOX` and, beside it, `rejected/`. Any thread may call."""

    def __init__(self, folder: Path, rejected: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Neither has to be there yet."""
        self.folder = folder
        self.rejected = rejected
        self.clock = clock
        self.health = Health()
        self._outage = OutageLog()
        self._rejected = RejectedFolder(rejected)
        self._settling = Settling()
        self._in_hand: dict[str, Unit] = {}
        self._leaving: dict[str, Leaving] = {}
        self._ready: list[str] = []
        """The oldest name last, as they are popped."""
        self._scan_at = self._recover_at = -1.0
        self._away = ""
        """Why the folder cannot be looked into, as the latest look found."""
        self._lock = threading.RLock()
        """Guards the seven above."""
        self._closed = threading.Event()

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.rejected.mkdir(parents=True, exist_ok=True)

    def add(
        self,
        stem: str,
        suffix: str,
        sha256: str,
        photo: bytes,
        sidecar: bytes | None,
        others: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        # Named after its content too: two folders may both have a photo.jpg, and the same photo twice is one
        # file.
        target = self.folder / named(stem, f"-{sha256[:8]}{suffix}")
        if sidecar is not None:
            _put(target.with_suffix(SIDECAR), sidecar)
        for name, content in others:
            _put(target.with_name(renamed(name, f"{stem}{suffix}", target.name)), content)
        _put(target, photo)

    def waits(self, sha256: str) -> bool:
        like_it = [name for name in names_in(self.folder) if f"-{sha256[:8]}" in name]
        for name in like_it:
            with suppress(OSError):  # taken over just now, or nothing that anybody can read
                if identity(bytes_of(self.folder / name)) == sha256:
                    return True
        return False

    def get(self, timeout: float) -> InboxDelivery | None:
        until = self.clock() + timeout
        while not self._closed.is_set():
            with self._lock:
                if not self._ready and self.clock() >= self._scan_at:
                    self._scan()
                while self._ready:
                    name = self._ready.pop()
                    if (seen := self._settling.seen(name)) is not None and not self._leaves(name, seen.unit):
                        self._in_hand[name] = seen.unit
                        return InboxDelivery(self, name, seen.attempt)
            if self.clock() >= until:
                if self._away:  # as another thread found: it is no news, nor is it over
                    raise Retry(self._away)
                return None
            self._closed.wait(SCAN_SECONDS)
        return None

    def read(self, name: str) -> Arrived:
        unit = self._unit(name)
        try:
            photo = content_of(self.folder / name, unit.file.mark, MAX_BYTES + 1)
        except FileNotFoundError:
            raise Reject("the file went away before it was read") from None
        except Changed:
            raise Retry("the file is still arriving", after=SETTLED_SECONDS) from None
        except OSError as problem:
            raise Retry(f"a file of the inbox cannot be read: {problem.strerror}") from None
        sidecar = self._sidecar(name, unit)
        with self._lock:
            seen = self._settling.note(name, unit, self.clock())
            seen.read(hash((photo, sidecar)), self.clock())
            return Arrived(photo, sidecar, self._others(unit), self._more_seconds(seen.since))

    def waiting(self) -> int | None:
        try:
            return len(photos(look(self.folder)))
        except FileNotFoundError:
            return 0
        except OSError:
            return None

    def problems(self) -> list[str]:
        return folder_problems(self.folder, self.rejected)

    def remove(self, name: str) -> None:
        self._leave(name, self._unit(name), None)

    def put_back(self, name: str, seconds: float) -> None:
        with self._lock:
            unit = self._in_hand.pop(name, None)
            if unit is not None:
                self._settling.put_back(name, unit, self.clock() + seconds)

    def refuse(self, name: str, reason: str) -> None:
        self._leave(name, self._unit(name), reason)

    def check(self) -> str:
        if problems := self.problems():
            raise Reject("; ".join(problems))
        return f"{self.waiting()} photos wait in {self.folder}"

    def close(self) -> None:
        self._closed.set()

    def _scan(self) -> None:
        """Look the folder through for photos that are whole and due."""
        started = self.clock()
        self._scan_at = started + SCAN_SECONDS
        with self.health.watching("look"):
            try:
                if started >= self._recover_at:
                    self._recover_at = started + ABANDONED_SECONDS
                    recover(self.folder, time.time())
                found = units(look(self.folder))
            except OSError as problem:
                self._away = f"cannot look into the inbox {self.folder}: {problem.strerror}"
                raise Retry(self._away) from None
        self._away = ""
        due = self._settling.look(found, started)
        self._ready = [name for name in reversed(due) if name not in self._in_hand]
        if self._leaving:
            self._leaving = {name: each for name, each in self._leaving.items() if name in found}
            self._tell("")
        self._scan_at = max(self._scan_at, self.clock() + SCAN_SHARE * (self.clock() - started))

    def _unit(self, name: str) -> Unit:
        """A file as it was when it was handed out, or as it is now where it was not. Raises `Reject` when it
        is gone.
        """
        with self._lock:
            if name not in self._in_hand:
                try:
                    unit = units(look(self.folder)).get(name)
                except OSError as problem:
                    raise Retry(f"cannot look into the inbox {self.folder}: {problem.strerror}") from None
                if unit is None:
                    raise Reject("the file went away before it was read")
                self._in_hand[name] = unit
            return self._in_hand[name]

    def _sidecar(self, name: str, unit: Unit) -> bytes | None:
        """What lies beside a photo; raises `Retry` and `Reject` when it cannot be looked at."""
        if unit.sidecar is None or unit.beside is None:
            return None
        problem = unit.beside.problem
        if not problem:
            try:
                return content_of(self.folder / unit.sidecar, unit.beside.mark, MAX_BYTES + 1)
            except (Changed, FileNotFoundError):
                raise Retry("the sidecar is still arriving", after=SETTLED_SECONDS) from None
            except OSError as why:
                problem = f"it cannot be read: {why.strerror}"
        with self._lock:
            seconds = self._more_seconds(self._settling.note(name, unit, self.clock()).since)
        if seconds:
            raise Retry("the sidecar cannot be looked at", after=seconds)
        raise Reject(f"its sidecar cannot be looked at: {problem}")

    def _others(self, unit: Unit) -> tuple[tuple[str, bytes], ...]:
        """The companions of a photo, without those that cannot be read: they hold no photo up."""
        found = []
        for name, entry in unit.others:
            with suppress(OSError, Changed):
                found.append((name, content_of(self.folder / name, entry.mark, MAX_BYTES + 1)))
        return tuple(found)

    def _more_seconds(self, since: float) -> float:
        """When to look again at something that looks cut off; 0 when it has stood still for long."""
        return max(0.0, min(AGAIN_SECONDS, since + CUT_OFF_SECONDS - self.clock()))

    def _leave(self, name: str, unit: Unit, reason: str | None) -> None:
        """Take a file away that was dealt with; one that cannot be is left there and remembered, as nothing
        else needs to be done about it.
        """
        problem = ""
        try:
            self._take_away(name, unit, reason)
        except OSError as why:
            problem = why.strerror or type(why).__name__
        with self._lock:
            self._in_hand.pop(name, None)
            self._leaving.pop(name, None)
            if problem:
                self._leaving[name] = Leaving(unit, reason)
                self._settling.put_back(name, unit, self.clock() + STUCK_SECONDS)
            else:
                self._settling.forget(name)
        self._tell(problem)

    def _take_away(self, name: str, unit: Unit, reason: str | None) -> None:
        path, beside = self.folder / name, list(unit.others)
        if unit.sidecar is not None and unit.beside is not None:
            beside.insert(0, (unit.sidecar, unit.beside))
        needed = self._needed_by_others(name) if beside else set()
        going = [(self.folder / each, entry.mark) for each, entry in beside if each not in needed]
        if reason is not None:
            self._rejected.take((path, unit.file.mark), going, reason)
            return
        delete(path, unit.file.mark)
        if not os.path.lexists(path):
            for each in going:
                delete(*each)

    def _needed_by_others(self, name: str) -> set[str]:
        """The names beside other photos too, such as one of the same name."""
        begins = name[:SHORTENED].partition("(")[0].partition(".")[0].casefold()
        names = [each for each in names_in(self.folder) if each.casefold().startswith(begins)]
        sidecars, companions = sidecars_of(names), companions_of(names)
        return {
            *(beside for photo, beside in sidecars.items() if photo != name),
            *chain(*(each for photo, each in companions.items() if photo != name)),
        }

    def _leaves(self, name: str, unit: Unit) -> bool:
        """Whether a file that is due was dealt with before; it is only taken away then."""
        leaving = self._leaving.get(name)
        if leaving is None:
            return False
        if leaving.unit != unit:  # another one has come
            del self._leaving[name]
            self._tell("")
            return False
        self._leave(name, unit, leaving.reason)
        return True

    def _tell(self, problem: str) -> None:
        """Let `status` and the log know of what cannot be taken away."""
        what = f"{STAY} {self.folder}"
        if problem:
            self.health.failed("move", f"{what}, as they cannot be moved away: {problem}")
            self._outage.fails(log, what, f"they cannot be moved away: {problem}")
        elif not self._leaving:
            self.health.worked("move")
            self._outage.works(log, what)


def _put(target: Path, content: bytes) -> None:
    """Under a hidden name first, so that the bot never meets half a file."""
    hidden = target.with_name(f".{uuid.uuid4().hex}")
    try:
        hidden.write_bytes(content)
        give_to_owner_of(target.parent, hidden)
        hidden.replace(target)
    finally:
        hidden.unlink(missing_ok=True)
