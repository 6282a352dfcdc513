"""The people in the model whom a face resembles."""

from collections.abc import Iterable, Sequence

import numpy as np

from tagbot.recognition.description import Description
from tagbot.recognition.resemblance import Resemblance
from tagbot.recognition.thresholds import Thresholds
from tagbot.recognition.vector_table import Floats, VectorTable

NEAREST_FACES = 2
"""Of a person, whose mean distance is the person's. On LFW, with three to ten faces of each learned, one gave
more strangers whom a person resembled, and three left the machine sure of fewer.
"""

SPARE = 8
"""So many people more than are asked for are looked at: the person of the single nearest face need not be
the nearest.
"""


class LearnedFaces:
    """The learned faces' vectors in memory, kept current face by face. For one thread at a time."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._model = thresholds.model
        self._table = VectorTable(thresholds.model, thresholds.dimensions, [("person", np.int32)])
        self._people: list[str] = []
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._table)

    def put(self, face_id: str, person: str, vector: Description) -> None:
        """Add a face; one that is here gets this person and vector. A vector of another model is left out.

        Raises `ValueError` for what is no vector of the model.
        """
        self.put_all([(face_id, person, vector)])

    def put_all(self, faces: Iterable[tuple[str, str, Description]]) -> None:
        """The same for many: id, person and vector of each."""
        last = {face_id: (person, vector) for face_id, person, vector in faces}
        for _, vector in last.values():
            self._table.numbers(vector)
        for face_id in last:
            self.remove(face_id)
        adding = [(face_id, *each) for face_id, each in last.items() if each[1].model == self._model]
        if not adding:
            return
        places = self._table.add([(face_id, vector) for face_id, _, vector in adding])
        people = [person for _, person, _ in adding]
        self._table.facts["person"][places] = [self._number(person) for person in people]

    def remove(self, face_id: str) -> None:
        """Take a face out; no error when it is not here."""
        if face_id in self._table:
            self._table.remove(self._table.places([face_id]))

    def nearest(self, vectors: Sequence[Description], most: int) -> list[Resemblance]:
        """The people nearest to the faces of a request, the nearest first; nobody where one of the faces
        cannot be compared.
        """
        faces = np.stack([self._table.numbers(each) for each in vectors])
        if not len(self) or np.isnan(faces).any():
            return []
        distances = self._table.distances(faces)
        people = self._table.facts["person"]
        least = np.full(len(self._people), np.inf, np.float32)
        np.minimum.at(least, people, distances.min(axis=0))
        found = [
            _resemblance(self._people[number], distances[:, people == number])
            for number in np.argsort(least)[: most + SPARE].tolist()
            if np.isfinite(least[number])
        ]
        return sorted(found, key=lambda each: (each.distance, each.person))[:most]

    def _number(self, person: str) -> int:
        if person not in self._numbers:
            self._numbers[person] = len(self._people)
            self._people.append(person)
        return self._numbers[person]


def _resemblance(person: str, distances: Floats) -> Resemblance:
    """From each face (a row) to a person, whose faces are the columns."""
    learned = distances.shape[1]
    count = min(NEAREST_FACES, learned)
    means = np.partition(distances, count - 1, axis=1)[:, :count].mean(axis=1)
    return Resemblance(person, tuple(means.tolist()), learned)
