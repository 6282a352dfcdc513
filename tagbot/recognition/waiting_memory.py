"""The waiting faces in memory, kept as the database has them."""

import threading
from collections.abc import Collection, Iterable
from itertools import islice
from typing import Protocol

from tagbot.recognition.description import Description
from tagbot.recognition.groups import WaitingFace
from tagbot.recognition.model_memory import ModelMemory
from tagbot.recognition.thresholds import Thresholds
from tagbot.recognition.waiting_faces import WaitingFaces

AT_ONCE = 500
"""Faces that are read in one query."""

COMPARED = 100_000_000
"""Pairs of a waiting and a learned face that are compared when the bot starts, in a few seconds. With more,
faces that waited then are asked about as if the model knew nobody like them; their requests offer names all
the same.
"""


class StoredFaces(Protocol):
    """The faces that wait for a place, as they are stored."""

    def count(self) -> int:
        """How many there are."""

    def ids(self) -> set[str]:
        """Of all of them."""

    def read(self, ids: Collection[str]) -> Iterable[tuple[str, str, float, bool, str | None, bytes | None]]:
        """Those of these that wait: id, photo, when it was stored, whether it is small or a little blurred,
        and model and vector, if there is one.
        """


class WaitingMemory:
    """Which of the waiting faces are asked about next. Any thread may ask that is connected to the
    database.
    """

    def __init__(self, stored: StoredFaces, model: ModelMemory | None, thresholds: Thresholds) -> None:
        """Nothing is read before somebody asks. Without a `model` no face counts as known."""
        self._stored = stored
        self._model = model
        self._lock = threading.Lock()
        self._faces = WaitingFaces(thresholds)
        self._ids: set[str] = set()

    def next_groups(self, now: float, most: int, places: int) -> list[list[str]]:
        """Ids of the faces of the next requests, of no more than so many; none where no face waits.

        They count as taken from now on. The stored ones are looked at once: they change only afterwards.
        """
        groups: list[list[str]] = []
        with self._lock:
            self._catch_up()
            while len(groups) < places and (group := self._faces.next_group(now, most)):
                self._remove(group)
                groups.append(group)
        return groups

    def group_around(self, face_id: str, now: float, most: int, places: int) -> list[str]:
        """Those of the request of one face, which may have a message that is to ask for it: where all that
        wait have places, or its request is the next one; none where others come first. They wait until
        `taken` is told.
        """
        with self._lock:
            self._catch_up()
            self._put([face_id])
            if len(self._ids) <= places:
                return self._faces.group_around(face_id, most)
            group = self._faces.next_group(now, most)
            return group if face_id in group else []

    def taken(self, face_ids: Collection[str]) -> None:
        """These faces have a request now, or wait no more."""
        with self._lock:
            self._remove(face_ids)

    def _remove(self, face_ids: Collection[str]) -> None:
        self._faces.remove(face_ids)
        self._ids -= set(face_ids)

    def _catch_up(self) -> None:
        self._follow_model()
        if self._stored.count() != len(self._ids):
            ids = self._stored.ids()
            self._remove(self._ids - ids)
            self._put(ids - self._ids)

    def _follow_model(self) -> None:
        """Faces that resemble what was learned meanwhile have a line-up now."""
        if self._model is not None:
            for vector in self._model.news():
                if self._ids:
                    self._faces.learned(vector)

    def _put(self, ids: Collection[str]) -> None:
        """Read some faces; those that are here are read anew."""
        left = iter(ids)
        model = self._model if self._model and len(ids) * len(self._model) <= COMPARED else None
        while portion := list(islice(left, AT_ONCE)):
            for face_id, photo, stored_at, poor, name, numbers in self._stored.read(portion):
                vector = Description(name, numbers) if name is not None and numbers is not None else None
                is_known = bool(model and vector and model.resembles_somebody(vector))
                self._faces.put(WaitingFace(face_id, photo, stored_at, vector, poor, is_known))
                self._ids.add(face_id)
