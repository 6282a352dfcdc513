"""Arrivals at the inbox in Amazon S3: which photos there are, and which of them is next.

Two bots may take the same object over at once, which is harmless: a photo is known by its bytes, and stored
by the first. They take them in an order of chance, so that it is rare.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from tagbot.aws.s3_api import Bucket, Listed, Missing
from tagbot.errors import Retry
from tagbot.photos.inbox.companion_names import companions_of
from tagbot.photos.inbox.file_names import is_sidecar
from tagbot.photos.inbox.s3_names import is_shown
from tagbot.photos.inbox.settled_files import LONE_SIDECAR_SECONDS
from tagbot.photos.inbox.sidecar_names import sidecars_of

LIST_SECONDS = 5.0
"""How often an empty inbox is listed: half a million calls a month, which cost three dollars."""

LIST_BESIDE_EVENTS_SECONDS = 300.0
"""The same where S3 tells of new photos: for what an event was lost of."""

ENOUGH = 10
"""So many photos that this bot knows of, and it leaves further events to the others."""


@dataclass(slots=True)
class InHand:
    """A photo that is being worked on, as it was read."""

    etag: str | None = None
    """None before it was read."""
    sidecar: str | None = None
    """The name of what lay beside it."""
    sidecar_etag: str = ""
    others: tuple[tuple[str, str], ...] = ()
    """Its companions: name and ETag."""


class S3Arrivals:
    """Photos that may be handed out, by name. Any thread may call."""

    def __init__(self, bucket: Bucket, list_seconds: float, clock: Callable[[], float]) -> None:
        """Nothing is called before the first photo is asked for."""
        self._bucket = bucket
        self._every = list_seconds
        self._clock = clock
        self._lock = threading.Lock()
        """Guards all that follows."""
        self._ready: list[str] = []
        self._in_hand: dict[str, InHand] = {}
        self._later: dict[str, tuple[int, float]] = {}
        """By name: the next attempt's number, and when it is due."""
        self._listed_at: float | None = None
        """None: at once, as the last list had something."""
        self._away = ""
        """Why the latest list failed."""

    def next(self) -> tuple[str, int] | None:
        """The next photo and the number of the attempt; none that another bot has taken over meanwhile."""
        while (taken := self._take()) is not None:
            name, _ = taken
            try:
                self._bucket.etag(name)
            except Missing:
                self.forget(name)
            except Retry:
                # It may be this one alone that S3 does not give, which is not to stop the others: the stage
                # hears of it when it reads the photo.
                return taken
            else:
                return taken
        return None

    def are_enough(self) -> bool:
        """Whether it would be greedy to hear of more."""
        return len(self._ready) >= ENOUGH

    def heard(self, names: Iterable[str]) -> None:
        """Take note of what an event told of."""
        photos = [name for name in names if is_shown(name) and not is_sidecar(name)]
        with self._lock:
            self._ready += photos

    def in_hand(self, name: str) -> InHand:
        """The note about a photo in hand, to which the caller may add."""
        with self._lock:
            return self._in_hand.setdefault(name, InHand())

    def put_back(self, name: str, seconds: float) -> None:
        """Leave a photo for its next attempt."""
        with self._lock:
            attempt, _ = self._later.get(name, (1, 0.0))
            self._later[name] = attempt + 1, self._clock() + seconds
            self._in_hand.pop(name, None)

    def forget(self, name: str) -> None:
        """It is no longer in the inbox, or begins anew."""
        with self._lock:
            self._in_hand.pop(name, None)
            self._later.pop(name, None)

    def _take(self) -> tuple[str, int] | None:
        with self._lock:
            if not self._ready:
                self._ready += [name for name in self._later if self._is_free(name)]
            is_to_list = self._listed_at is None or self._clock() - self._listed_at >= self._every
            if not self._ready and is_to_list:
                self._look()
            while self._ready:
                name = self._ready.pop()
                if self._is_free(name):
                    self._in_hand[name] = InHand()
                    return name, self._later.get(name, (1, 0.0))[0]
            if self._away:  # until S3 is asked again, it is neither news nor over
                raise Retry(self._away)
            return None

    def _look(self) -> None:
        """List what there is; where S3 does not give it, again soon, also where events tell of photos."""
        self._listed_at = self._clock()
        try:
            self._list()
        except Retry as why:
            self._listed_at += LIST_SECONDS - self._every
            self._away = why.reason
            raise
        self._away = ""

    def _list(self) -> None:
        """Look for photos, only as far as there are some; and where there are none, for lone sidecars."""
        listed: list[Listed] = []
        for page in self._bucket.pages():
            shown = [found for found in page if is_shown(found.name) and not found.is_archived]
            self._ready = [
                found.name for found in shown if not is_sidecar(found.name) and self._is_free(found.name)
            ]
            if self._ready:
                random.shuffle(self._ready)
                self._listed_at = None
                return
            listed += shown
        self._ready = [name for name in lone_sidecars(listed, time.time()) if self._is_free(name)]

    def _is_free(self, name: str) -> bool:
        """Whether this process does not work on it yet, and it need not wait."""
        return name not in self._in_hand and self._later.get(name, (1, 0.0))[1] <= self._clock()


def lone_sidecars(listed: Iterable[Listed], now: float) -> list[str]:
    """Of all that is in the inbox, the sidecars whose photos did not come; `now` is in seconds since 1970."""
    by_name = {found.name: found for found in listed}
    paired = {*sidecars_of(by_name).values(), *chain(*companions_of(by_name).values())}
    return [
        name
        for name, found in by_name.items()
        if is_sidecar(name)
        and name not in paired
        and now - found.modified.timestamp() >= LONE_SIDECAR_SECONDS
    ]
