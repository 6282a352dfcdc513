"""The faces that wait, and which of them are asked about next."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tagbot.recognition.description import Description
from tagbot.recognition.groups import WaitingFace, gathered
from tagbot.recognition.thresholds import Thresholds
from tagbot.recognition.vector_table import Floats, Places, VectorTable

DAY = 86_400
"""Seconds. Faces that wait for a day more come first, whatever they are: so none waits for ever."""

PAIRS_A_CALL = 3_000_000
"""New faces are compared with all others little by little; so many pairs take about 30 ms."""

POOL = 48
"""Faces nearest to the first of a group, from which the others are taken."""

REACH = 1.1
"""Of what is near enough in the mean: so far from its first face another of the group may be."""

TRIES = 6
"""Groups that are gathered to find a large one: the fewer neighbours may share a request, the smaller a group
is than it promised.
"""

ALL = 2**17 - 1
"""As many neighbours as are told apart."""


class WaitingFaces:
    """The waiting faces' vectors in memory, and how many neighbours each has. For one thread at a time.

    Neighbours are counted for each of the thresholds: which one holds changes with the number of faces.
    """

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        facts = (
            ("stored_at", np.float64),
            ("good", np.bool_),
            ("has_line_up", np.bool_),
            ("neighbours", np.int32, (len(thresholds.near),)),
            ("largest", np.int32),  # the most faces that a group around it has
        )
        self._table = VectorTable(thresholds.model, thresholds.dimensions, facts)
        self._new: dict[str, WaitingFace] = {}
        self._taken_in: dict[str, WaitingFace] = {}
        self._level = 0
        self._farthest = max(near.distance for near in thresholds.near)

    def __len__(self) -> int:
        return len(self._new) + len(self._taken_in)

    def __contains__(self, face_id: object) -> bool:
        return face_id in self._new or face_id in self._taken_in

    def put(self, face: WaitingFace) -> None:
        """Have a face wait, in place of what it was before.

        Raises `ValueError` for what is no vector of the model.
        """
        self._table.numbers(face.vector)
        if face.id in self._taken_in:
            self.remove([face.id])
        self._new[face.id] = face

    def remove(self, face_ids: Iterable[str]) -> None:
        """Faces that wait no longer; no error for those that do not."""
        here = [each for each in dict.fromkeys(face_ids) if self._new.pop(each, None) is None]
        places = self._table.places(here)
        for _, there, distances in self._table.near(places, self._farthest):
            self._count_neighbours(there, distances, -1)
        for face_id in self._table.ids(places):
            del self._taken_in[face_id]
        self._table.remove(places)

    def learned(self, vector: Description) -> None:
        """The model learned a face: those that resemble it have a line-up from now on."""
        distances = self._table.distances(self._table.numbers(vector)[np.newaxis])[0]
        self._table.facts["has_line_up"] |= distances <= self._thresholds.nearness.resembles

    def take_in(self, pairs: int = PAIRS_A_CALL) -> bool:
        """Compare new faces with all others, as many as so many pairs allow; whether all are taken in."""
        known = len(self._table)
        some = max(1, int((math.sqrt(known * known + 4 * pairs) - known) / 2))
        faces = [self._new.pop(face_id) for face_id in list(self._new)[:some]]
        if faces:
            places = self._table.add([(face.id, face.vector) for face in faces])
            facts = self._table.facts
            facts["stored_at"][places] = [face.stored_at for face in faces]
            facts["good"][places] = [not face.poor for face in faces]
            facts["has_line_up"][places] = [face.has_line_up for face in faces]
            facts["largest"][places] = ALL
            for here, there, distances in self._table.near(places, self._farthest):
                facts["largest"][there] = ALL
                before = there < places[0]  # a pair of two new ones comes twice
                self._count_neighbours(
                    np.append(there, here[before]), np.append(distances, distances[before]), 1
                )
            self._taken_in |= {face.id: replace(face, vector=None) for face in faces}
        return not self._new

    def next_group(self, now: float, most: int) -> list[str]:
        """The faces of the next request: none is removed by that, none where no face waits."""
        self.take_in()
        if not len(self._table):
            return []
        self._follow_level()
        tried: dict[int, Places] = {}
        ranks = self._ranks(now, most)
        while len(tried) < TRIES and (first := int(ranks.argmax())) not in tried:
            tried[first] = self._around(first, most)
            self._table.facts["largest"][first] = len(tried[first])
            ranks = self._ranks(now, most)
        return self._table.ids(tried[max(tried, key=lambda first: int(ranks[first]))])

    def group_around(self, face_id: str, most: int) -> list[str]:
        """The faces of a request about this one; none where it does not wait."""
        self.take_in()
        self._follow_level()
        places = self._table.places([face_id])
        return self._table.ids(self._around(int(places[0]), most)) if len(places) else []

    def _follow_level(self) -> None:
        level = self._thresholds.level(len(self))
        if level != self._level:
            self._level = level
            self._table.facts["largest"] = ALL

    def _ranks(self, now: float, most: int) -> NDArray[np.int64]:
        """The higher, the earlier: what counts more stands in higher bits."""
        facts = self._table.facts
        days, seconds = np.divmod(np.maximum(now - facts["stored_at"], 0).astype(np.int64), DAY)
        neighbours = np.minimum(facts["neighbours"][:, self._level], ALL)
        ranks = np.minimum(days, 4095)
        for fact, bits in (
            (facts["good"], 1),
            (np.minimum(np.minimum(neighbours + 1, facts["largest"]), most), 7),
            (facts["has_line_up"], 1),
            (neighbours, 17),
            (seconds, 17),
        ):
            ranks = ranks << bits | fact
        return ranks

    def _around(self, first: int, most: int) -> Places:
        """The places of a group, with that of its first face."""
        table, near = self._table, self._thresholds.near[self._level]
        distances = table.distances(table.numbers_at(np.array([first])))[0]
        distances[first] = -1
        pool = np.flatnonzero(distances < REACH * near.distance)
        if len(pool) > POOL:
            pool = pool[np.argpartition(distances[pool], POOL)[:POOL]]
        pool = pool[np.argsort(distances[pool], kind="stable")]
        faces = [self._taken_in[face_id] for face_id in table.ids(pool)]
        group = gathered(
            table.distances(table.numbers_at(pool), pool),
            lambda here, there: faces[here].may_join(faces[there]),
            near.distance,
            most,
        )
        return pool[group]

    def _count_neighbours(self, places: Places, distances: Floats, change: int) -> None:
        """Of the faces at some places, one more or less at such distances."""
        counts = self._table.facts["neighbours"]
        for level, near in enumerate(self._thresholds.near):
            np.add.at(counts[:, level], places[distances < near.distance], change)


def groups(
    faces: Iterable[WaitingFace], thresholds: Thresholds, now: float, most: int
) -> Iterator[list[str]]:
    """All requests that these faces come to, in their order."""
    waiting = WaitingFaces(thresholds)
    for face in faces:
        waiting.put(face)
    while not waiting.take_in():
        pass
    while group := waiting.next_group(now, most):
        waiting.remove(group)
        yield group
