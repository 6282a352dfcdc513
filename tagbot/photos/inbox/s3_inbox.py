"""The inbox at Amazon S3: the objects below a prefix, for any number of bots."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from tagbot.aws.s3_api import Bucket, Missing
from tagbot.aws.s3_events import Events
from tagbot.errors import Reject, Retry
from tagbot.lib.unseen import printable
from tagbot.photos.inbox import Arrived, InboxDelivery
from tagbot.photos.inbox.companion_names import renamed
from tagbot.photos.inbox.file_names import SIDECAR, is_sidecar
from tagbot.photos.inbox.folder_problems import MOST
from tagbot.photos.inbox.s3_arrivals import LIST_BESIDE_EVENTS_SECONDS, LIST_SECONDS, S3Arrivals
from tagbot.photos.inbox.s3_listener import LOOK_SECONDS, S3Listener
from tagbot.photos.inbox.s3_names import is_shown, sidecars_beside
from tagbot.photos.inbox.s3_rejected import S3Rejected
from tagbot.photos.known_photos import identity
from tagbot.photos.photo_limits import MAX_BYTES

log = logging.getLogger(__name__)

STUCK_SECONDS = 86_400.0
"""How long an object that S3 cannot move is left alone."""

PHOTO = "application/octet-stream"
"""A photo's content type in the inbox, whatever its name says."""


class S3Inbox:
    """Implements `tagbot.photos.inbox.Inbox`. Refused photos go below the other prefix."""

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
        self.arrivals = S3Arrivals(
            bucket, LIST_SECONDS if events is None else LIST_BESIDE_EVENTS_SECONDS, clock
        )
        self._bucket = bucket
        self._rejected = S3Rejected(rejected)
        self._events = events
        self._listener = None if events is None else S3Listener(events, self.arrivals, self.health)
        self._closed = threading.Event()

    def prepare(self) -> None:
        """Nothing: prefixes need not be made, and the bucket is its owner's."""

    def add(
        self,
        stem: str,
        suffix: str,
        sha256: str,
        photo: bytes,
        sidecar: bytes | None,
        others: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        stem = os.fsencode(stem).decode(errors="replace")  # S3's names are Unicode
        name = f"{sha256[:8]}-{stem}"  # in this order, as S3 finds names by how they begin
        if sidecar is not None:
            self._bucket.put(f"{name}{SIDECAR}", sidecar, "application/json")
        for other, content in others:
            beside = renamed(
                os.fsencode(other).decode(errors="replace"), f"{stem}{suffix}", f"{name}{suffix}"
            )
            self._bucket.put(beside, content, PHOTO)
        self._bucket.put(f"{name}{suffix}", photo, PHOTO)

    def waits(self, sha256: str) -> bool:
        pages = self._bucket.pages(f"{sha256[:8]}-")
        for name in (found.name for page in pages for found in page if not is_sidecar(found.name)):
            with suppress(Missing):  # taken over just now
                if identity(self._bucket.get(name).content) == sha256:
                    return True
        return False

    def get(self, timeout: float) -> InboxDelivery | None:
        if self._listener is not None:
            self._listener.start()
        until = self.clock() + timeout
        while not self._closed.is_set():
            found = self.arrivals.next()
            if found is not None:
                name, attempt = found
                return InboxDelivery(self, name, attempt)
            if self.clock() >= until:
                return None
            self._closed.wait(LOOK_SECONDS)
        return None

    def read(self, name: str) -> Arrived:
        # The sidecar first: it is there before its photo, and another bot that deals with both deletes it
        # last.
        in_hand = self.arrivals.in_hand(name)
        content, others = None, []
        in_hand.sidecar, companions = sidecars_beside(self._bucket, name).get(name, (None, ()))
        for each in companions:
            with suppress(Missing):
                others.append((each, self._bucket.get(each, MAX_BYTES + 1)))
        in_hand.others = tuple((each, found.etag) for each, found in others)
        try:
            if in_hand.sidecar is not None:
                beside = self._bucket.get(in_hand.sidecar, MAX_BYTES + 1)
                in_hand.sidecar_etag, content = beside.etag, beside.content
            photo = self._bucket.get(name, MAX_BYTES + 1)
        except Missing:
            raise Reject("the photo went away before it was read") from None
        in_hand.etag = photo.etag
        return Arrived(photo.content, content, tuple((each, found.content) for each, found in others))

    def waiting(self) -> int | None:
        """Of more than a page, those on the first page."""
        try:
            page = next(self._bucket.pages())
        except Retry:
            return None
        return sum(
            is_shown(found.name) and not is_sidecar(found.name) and not found.is_archived for found in page
        )

    def problems(self) -> list[str]:
        """As far as the first page tells."""
        try:
            page = next(self._bucket.pages())
        except Retry:
            return []
        archived = [printable(found.name) for found in page if is_shown(found.name) and found.is_archived]
        why = f"in the inbox {self._bucket} is left there: it is archived, so have it restored"
        return [f"“{name}” {why}" for name in archived[:MOST]]

    def remove(self, name: str) -> None:
        """Another photo, or sidecar, that has come under its name meanwhile stays."""
        in_hand = self.arrivals.in_hand(name)
        with suppress(Missing):
            self._bucket.delete(name, in_hand.etag)
            going = [(in_hand.sidecar, in_hand.sidecar_etag), *in_hand.others]
            for beside, etag in going:
                if beside is not None and not self._is_shared(name, beside):
                    self._bucket.delete(beside, etag)
        self.arrivals.forget(name)

    def put_back(self, name: str, seconds: float) -> None:
        self.arrivals.put_back(name, seconds)

    def refuse(self, name: str, reason: str) -> None:
        """One that another bot has dealt with meanwhile is left alone, like one that has come in its place;
        one that S3 does not move, as it is over 5 GB, stays where it is.
        """
        is_stuck = False
        try:
            in_hand = self.arrivals.in_hand(name)
            in_hand.etag = self._bucket.etag(name, in_hand.etag)
            # The text first: a crash in between then leaves a photo that is refused again, never one without
            # a reason.
            target = self._rejected.explain(name, reason)
            self._rejected.copy(self._bucket, name, in_hand, target)
            self.remove(name)
        except Missing:
            log.info("a photo that was to be refused is gone")
        except Reject as immovable:
            is_stuck = True
            self._rejected.explain_stuck(name, target, reason, immovable.reason)
        finally:
            if is_stuck:
                self.put_back(name, STUCK_SECONDS)
            else:
                self.arrivals.forget(name)

    def check(self) -> str:
        """Lists the inbox, and asks for the queue of the events."""
        number = len(next(self._bucket.pages()))
        events = "" if self._events is None else f", {self._events.check()}"
        return f"{self._bucket} can be listed, {number} objects on the first page{events}"

    def close(self) -> None:
        self._closed.set()
        if self._listener is not None:
            self._listener.close()

    def _is_shared(self, photo: str, sidecar: str) -> bool:
        """Whether another photo of the same name needs the sidecar."""
        beside = sidecars_beside(self._bucket, photo)
        return any(each != photo and sidecar in (its, *others) for each, (its, others) in beside.items())
