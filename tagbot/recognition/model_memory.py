"""The model on this machine in memory, kept as the database has it."""

import threading
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from tagbot.recognition.description import Description
from tagbot.recognition.nearest_people import LearnedFaces
from tagbot.recognition.resemblance import Nearness, Resemblance
from tagbot.recognition.thresholds import Thresholds


class StoredModel(Protocol):
    """The model as it is stored. Each change gives a face a higher number than all before."""

    def since(self, number: int) -> Iterable[tuple[str, str, str, bytes, int]]:
        """Faces that were learned after that number: face, person, model, vector and its own number."""

    def count(self) -> int:
        """How many faces there are."""

    def persons(self) -> Collection[str]:
        """The faces that there are."""


class ModelMemory:
    """The people of the model whom a face resembles. Any thread that is connected to the database may ask."""

    def __init__(self, stored: StoredModel, thresholds: Thresholds) -> None:
        """Nothing is read before somebody asks."""
        self.nearness: Nearness = thresholds.nearness
        self._stored = stored
        self._lock = threading.Lock()
        self._learned = LearnedFaces(thresholds)
        self._ids: set[str] = set()
        self._number = -1
        self._news: list[Description] = []

    def nearest(self, vectors: Sequence[Description], most: int) -> list[Resemblance]:
        """As `LearnedFaces.nearest` says, in the model as it is now."""
        with self._lock:
            self._catch_up()
            return self._learned.nearest(vectors, most)

    def resembles_somebody(self, vector: Description) -> bool:
        """Whether the model knows a person whom a face resembles."""
        return any(each.distance <= self.nearness.resembles for each in self.nearest([vector], 1))

    def news(self) -> list[Description]:
        """Vectors that were learned since this was asked last."""
        with self._lock:
            self._catch_up()
            news, self._news = self._news, []
            return news

    def __len__(self) -> int:
        return len(self._ids)

    def _catch_up(self) -> None:
        """Read what was learned since; and where there are fewer faces then, which have gone."""
        rows = [
            (face_id, person, Description(model, vector), number)
            for face_id, person, model, vector, number in self._stored.since(self._number)
        ]
        self._learned.put_all((face_id, person, vector) for face_id, person, vector, _ in rows)
        for face_id, _, vector, number in rows:
            self._ids.add(face_id)
            self._number = max(self._number, number)
            self._news.append(vector)
        if self._stored.count() < len(self._ids):
            for gone in self._ids - set(self._stored.persons()):
                self._learned.remove(gone)
                self._ids.remove(gone)
