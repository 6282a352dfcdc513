"""The inbox at Amazon S3: the objects below a prefix, for any number of bots.

Two bots may take the same object over at once, which is harmless: a photo is known by its bytes, and stored
by whoever is first. They take them in an order of chance, so that it is rare.
"""

import hashlib
import logging
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tagbot.aws.s3_api import Bucket, Listed, Missing
from tagbot.aws.s3_events import Events
from tagbot.errors import Reject, Retry
from tagbot.lib.outage_log import OutageLog
from tagbot.photos.inbox import (
    LONE_SIDECAR_SECONDS,
    SIDECAR,
    WHY,
    Arrived,
    InboxDelivery,
    is_sidecar,
    names_like,
)
from tagbot.photos.pictures import MAX_BYTES

log = logging.getLogger(__name__)

LIST_SECONDS = 5.0
"""How often an empty inbox is listed: half a million calls a month, which cost three dollars."""

LIST_BESIDE_EVENTS_SECONDS = 300.0
"""The same where S3 tells of new photos: for what an event was lost of."""

LOOK_SECONDS = 0.25
"""How soon who waits for a photo notices one."""

ENOUGH = 10
"""So many photos that this bot knows of, and it leaves further events to the others."""

PAUSE_SECONDS = 1.0
"""Between two attempts to hear of new photos, when the first failed."""

DEAF = "new photos cannot be heard of, and are looked for every five minutes"
"""What it means when the queue of the events cannot be read."""

STUCK_SECONDS = 86_400.0
"""How long what S3 cannot move is left alone."""

STUCK = ".in-the-inbox"
"""What is added to the name of the text about such an object, which lies beside none."""

TEXT = "text/plain; charset=utf-8"

PHOTO = "application/octet-stream"
"""A photo's content type in the inbox, whatever its name says."""


@dataclass(slots=True)
class _InHand:
    """What was read of a photo that is being worked on."""

    etag: str | None = None
    """None before it was read."""
    has_sidecar: bool = False


class S3Inbox:
    """Implements `tagbot.photos.inbox.Inbox`. What is refused goes below the other prefix."""

    def __init__(
        self,
        bucket: Bucket,
        rejected: Bucket,
        events: Events | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is called before something is asked for."""
        self.clock = clock
        self.health = bucket.health
        self._bucket = bucket
        self._rejected = rejected
        self._events = events
        self._every = LIST_SECONDS if events is None else LIST_BESIDE_EVENTS_SECONDS
        self._closed = threading.Event()
        self._lock = threading.Lock()
        """Guards all that follows."""
        self._ready: list[str] = []
        self._in_hand: dict[str, _InHand] = {}
        self._later: dict[str, tuple[int, float]] = {}
        """By name: the next attempt's number, and when it is due."""
        self._listed_at: float | None = None
        """None: at once, as the last list had something."""
        self._listener: threading.Thread | None = None

    def prepare(self) -> None:
        """Nothing: prefixes need not be made, and the bucket is its owner's."""

    def add(self, stem: str, suffix: str, sha256: str, photo: bytes, sidecar: bytes | None) -> None:
        """As the interface says."""
        name = f"{sha256[:8]}-{stem}"  # in this order, as S3 finds names by how they begin
        if sidecar is not None:
            self._bucket.put(f"{name}{SIDECAR}", sidecar, "application/json")
        self._bucket.put(f"{name}{suffix}", photo, PHOTO)

    def waits(self, sha256: str) -> bool:
        """As the interface says."""
        return any(
            self._sha256(found.name) == sha256
            for page in self._bucket.pages(f"{sha256[:8]}-")
            for found in page
            if not is_sidecar(found.name)
        )

    def get(self, timeout: float) -> InboxDelivery | None:
        """As the interface says."""
        self._listen()
        until = self.clock() + timeout
        while not self._closed.is_set():
            found = self._next()
            if found is not None or self.clock() >= until:
                return found
            self._closed.wait(LOOK_SECONDS)
        return None

    def read(self, name: str) -> Arrived:
        """As the interface says."""
        # The sidecar first: it is there before its photo, and whoever else deals with both deletes it last.
        sidecar = None if is_sidecar(name) else self._sidecar(name)
        try:
            photo = self._bucket.get(name, MAX_BYTES + 1)
        except Missing:
            raise Reject("the photo went away before it was read") from None
        with self._lock:
            self._in_hand[name] = _InHand(photo.etag, sidecar is not None)
        return Arrived(photo.content, sidecar)

    def waiting(self) -> int | None:
        """As the interface says: of more than a page, those on the first page."""
        try:
            return sum(
                1
                for found in next(self._bucket.pages())
                if _is_shown(found.name) and not is_sidecar(found.name)
            )
        except Retry:
            return None

    def remove(self, name: str) -> None:
        """As the interface says; another photo that has come under its name meanwhile stays."""
        held = self._held(name)
        with suppress(Missing):
            self._bucket.delete(name, held.etag)
            if held.has_sidecar and self._is_alone(name):
                self._bucket.delete(_sidecar_of(name))
        self._forget(name)

    def put_back(self, name: str, seconds: float) -> None:
        """As the interface says."""
        with self._lock:
            attempt, _ = self._later.get(name, (1, 0.0))
            self._later[name] = attempt + 1, self.clock() + seconds
            self._in_hand.pop(name, None)

    def refuse(self, name: str, reason: str) -> None:
        """As the interface says; one that another bot has dealt with meanwhile is left alone, and one that S3
        does not move, as it is over 5 GB, stays where it is.
        """
        is_stuck = False
        try:
            self._bucket.etag(name)
            target = self._free_name(name)
            # The text first: a crash in between then leaves a photo that is refused again, never one without
            # a reason.
            self._rejected.put(f"{target}{WHY}", f"{reason}\n".encode(), TEXT)
            self._rejected.copy(self._bucket, name, target)
            if not is_sidecar(name) and self._sidecar(name) is not None:
                self._rejected.copy(self._bucket, _sidecar_of(name), _sidecar_of(target))
                self._held(name).has_sidecar = True
            self.remove(name)
        except Missing:
            log.info("a photo that was to be refused is gone")
        except Reject as immovable:
            is_stuck = True
            self._tell_stuck(name, f"{target}{WHY}", reason, immovable.reason)
        finally:
            if is_stuck:
                self.put_back(name, STUCK_SECONDS)
            else:
                self._forget(name)

    def check(self) -> str:
        """As the interface says: lists the inbox, and asks for the queue of the events."""
        number = len(next(self._bucket.pages()))
        events = "" if self._events is None else f", {self._events.check()}"
        return f"{self._bucket} can be listed, {number} objects on the first page{events}"

    def close(self) -> None:
        """As the interface says."""
        self._closed.set()

    # ------------------------------------------------------------ what is next

    def _next(self) -> InboxDelivery | None:
        """The next photo that is still there: another bot may have taken it over since it was listed."""
        while (taken := self._take()) is not None:
            name, attempt = taken
            try:
                self._bucket.etag(name)
            except Missing:
                self._forget(name)
            except Retry:
                with self._lock:
                    self._in_hand.pop(name, None)
                    self._ready.append(name)
                raise
            else:
                return InboxDelivery(self, name, attempt)
        return None

    def _take(self) -> tuple[str, int] | None:
        with self._lock:
            if not self._ready:
                self._wake()
            if not self._ready and self._is_to_list():
                self._list()
            while self._ready:
                name = self._ready.pop()
                if self._is_free(name):
                    self._in_hand[name] = _InHand()
                    return name, self._later.get(name, (1, 0.0))[0]
            return None

    def _is_to_list(self) -> bool:
        return self._listed_at is None or self.clock() - self._listed_at >= self._every

    def _wake(self) -> None:
        """Have photos that were put back tried again, once that is due."""
        self._ready += [name for name in self._later if self._is_free(name)]

    def _list(self) -> None:
        """Look for photos, only as far as there are some."""
        self._listed_at = self.clock()
        for page in self._bucket.pages():
            self._ready = [found.name for found in page if self._is_whole(found)]
            if self._ready:
                random.shuffle(self._ready)
                self._listed_at = None
                return

    def _is_whole(self, found: Listed) -> bool:
        """Whether it can be taken over now: what is listed is whole, but a sidecar waits for its photo."""
        if not _is_shown(found.name) or not self._is_free(found.name):
            return False
        if not is_sidecar(found.name):
            return True
        return time.time() - found.modified.timestamp() >= LONE_SIDECAR_SECONDS and self._is_alone(found.name)

    def _is_free(self, name: str) -> bool:
        """Whether nobody of this process works on it, and it need not wait."""
        return name not in self._in_hand and self._later.get(name, (1, 0.0))[1] <= self.clock()

    def _listen(self) -> None:
        with self._lock:
            if self._events is not None and self._listener is None:
                self._listener = threading.Thread(
                    target=self._keep_listening, args=(self._events,), name="inbox events", daemon=True
                )
                self._listener.start()

    def _keep_listening(self, events: Events) -> None:
        outage = OutageLog()
        while not self._closed.is_set():
            if len(self._ready) >= ENOUGH:
                self._closed.wait(LOOK_SECONDS)
                continue
            reason, bug = "", None
            try:
                self._hear(events)
            except (Retry, Reject) as why:
                reason = why.reason
            except Exception as unforeseen:  # noqa: BLE001 - were this thread to end of it, all photos would be late
                reason, bug = f"bug: {type(unforeseen).__name__}", unforeseen
            if not reason:
                outage.works(log, DEAF)
                self.health.worked(DEAF)
            elif not self._closed.is_set():
                outage.fails(log, DEAF, reason, bug)
                self.health.failed(DEAF, f"{DEAF}: {reason}")
                self._closed.wait(PAUSE_SECONDS)

    def _hear(self, events: Events) -> None:
        names = [name for name in events.next() if _is_shown(name) and not is_sidecar(name)]
        with self._lock:
            self._ready += names

    # ------------------------------------------------------------ what lies where

    def _sidecar(self, photo: str) -> bytes | None:
        try:
            return self._bucket.get(_sidecar_of(photo), MAX_BYTES + 1).content
        except Missing:
            return None

    def _is_alone(self, name: str) -> bool:
        """Whether there is no other photo of the same name that needs the sidecar."""
        return not any(
            found.name not in (name, _sidecar_of(name)) and _stem(found.name) == _stem(name)
            for page in self._bucket.pages(f"{_stem(name)}.")
            for found in page
        )

    def _free_name(self, name: str) -> str:
        """One under which neither a photo, nor what belongs beside one, was put before."""
        return next(
            free
            for free in names_like(name)
            if not any(_exists(self._rejected, each) for each in (free, _sidecar_of(free), f"{free}{WHY}"))
        )

    def _tell_stuck(self, name: str, told_at: str, reason: str, why: str) -> None:
        """In place of the text of a photo that has moved, one under the same name at each attempt."""
        text = (
            f"{reason}\nIt is still in the inbox, as it could not be moved here ({why}): delete it there.\n"
        )
        self._rejected.put(f"{next(names_like(name))}{STUCK}{WHY}", text.encode(), TEXT)
        self._rejected.delete(told_at)
        log.error("what was refused stays in the inbox until somebody deletes it there: %s", why)

    def _sha256(self, name: str) -> str | None:
        try:
            return hashlib.sha256(self._bucket.get(name).content).hexdigest()
        except Missing:
            return None

    def _held(self, name: str) -> _InHand:
        with self._lock:
            return self._in_hand.setdefault(name, _InHand())

    def _forget(self, name: str) -> None:
        with self._lock:
            self._in_hand.pop(name, None)
            self._later.pop(name, None)


def _exists(bucket: Bucket, name: str) -> bool:
    try:
        bucket.etag(name)
    except Missing:
        return False
    return True


def _is_shown(name: str) -> bool:
    """Not hidden, neither itself nor what it lies in, and no mark of an empty folder."""
    return not name.endswith("/") and not any(part.startswith(".") for part in name.split("/"))


def _sidecar_of(photo: str) -> str:
    return f"{_stem(photo)}{SIDECAR}"


def _stem(name: str) -> str:
    """The name without its suffix."""
    folder, slash, own = name.rpartition("/")
    return f"{folder}{slash}{own.rpartition('.')[0] or own}"
