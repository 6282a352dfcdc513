"""Vectors of one model in memory, and how far they are from each other: all arithmetic on vectors."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tagbot.recognition.description import Description

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

PAIRS_AT_ONCE = 4_000_000
"""Distances that are in memory at a time: 16 MB. With fewer a product of matrices takes longer."""

LEAST_ROOM = 64


class VectorTable:
    """Each face has a place: there are its vector, and facts about it. The places are the numbers from 0 on;
    when a face is removed, the last one moves into its place.

    A face without a vector, or with one of another model, is infinitely far from all. 100,000 vectors of 128
    numbers take 51 MB, and half as much again for growing.
    """

    def __init__(self, model: str, dimensions: int, facts: Iterable[tuple[Any, ...]]) -> None:
        """`facts` are the fields of a structured array."""
        self._model = model
        self._dimensions = dimensions
        # A vector is a column: one against all others takes half as long as along rows.
        self._vectors: Floats = np.zeros((dimensions, LEAST_ROOM), np.float32)
        self._squares: Floats = np.zeros(LEAST_ROOM, np.float32)
        self._facts = np.zeros(LEAST_ROOM, np.dtype(list(facts)))
        self._ids: list[str] = []
        self._places: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, face_id: object) -> bool:
        return face_id in self._places

    @property
    def facts(self) -> NDArray[Any]:
        """A view, through which they are changed."""
        return self._facts[: len(self)]

    def places(self, face_ids: Iterable[str]) -> Places:
        """Of those faces that are here."""
        return np.array([self._places[each] for each in face_ids if each in self._places], np.intp)

    def ids(self, places: Places) -> list[str]:
        """Of the faces at some places."""
        return [self._ids[place] for place in places.tolist()]

    def add(self, faces: Sequence[tuple[str, Description | None]]) -> Places:
        """Give new faces their places, where all facts are zero."""
        first = len(self)
        self._make_room(first + len(faces))
        added = np.arange(first, first + len(faces))
        vectors = np.stack([self.numbers(vector) for _, vector in faces])
        self._vectors[:, added] = np.nan_to_num(vectors).T
        self._squares[added] = _squares(vectors)
        self._ids += [face_id for face_id, _ in faces]
        self._places |= dict(zip(self._ids[first:], added.tolist(), strict=True))
        return added

    def remove(self, places: Places) -> None:
        """Take faces out; nothing of them stays in memory."""
        left = len(self) - len(places)
        for face_id in self.ids(places):
            del self._places[face_id]
        moving = np.setdiff1d(np.arange(left, len(self)), places)
        free = places[places < left]
        for old, new in zip(moving.tolist(), free.tolist(), strict=True):
            self._ids[new] = self._ids[old]
            self._places[self._ids[new]] = new
        del self._ids[left:]
        for column in (self._vectors, self._squares, self._facts):
            column[..., free] = column[..., moving]
            column[..., left : left + len(places)] = np.zeros((), column.dtype)
        self._make_room(left)

    def numbers(self, vector: Description | None) -> Floats:
        """A vector as an array, NaN throughout for what cannot be compared; raises `ValueError` for what is
        no vector of the model.
        """
        if vector is None or vector.model != self._model:
            return np.full(self._dimensions, np.nan, np.float32)
        numbers = np.frombuffer(vector.vector, "<f4")
        if len(numbers) != self._dimensions or not np.isfinite(numbers).all():
            raise ValueError(f"a vector of {self._model} is {self._dimensions} finite numbers")
        return numbers

    def numbers_at(self, places: Places) -> Floats:
        """The vectors at some places, as by `numbers`."""
        vectors = self._vectors[:, places].T
        vectors[np.isinf(self._squares[places])] = np.nan
        return vectors

    def distances(self, vectors: Floats, places: Places | None = None) -> Floats:
        """From each of some vectors (a row) to each place, or each of some places (a column)."""
        squared = self._squared(vectors, slice(len(self)) if places is None else places)
        return np.sqrt(squared, out=squared)

    def near(
        self, places: Places, distance: float, pairs_at_once: int = PAIRS_AT_ONCE
    ) -> Iterator[tuple[Places, Places, Floats]]:
        """Pairs nearer than a distance, of one of some places and any other place, with how far they are, in
        portions. A pair within these places comes twice.
        """
        portion = max(1, pairs_at_once // max(1, len(self)))
        for first in range(0, len(places), portion):
            some = places[first : first + portion]
            squared = self._squared(self.numbers_at(some), slice(len(self)))
            squared[np.arange(len(some)), some] = np.inf  # a face is not its own neighbour
            # In one dimension it takes a tenth of the time that two take.
            found = np.flatnonzero(squared < distance * distance)
            here, there = np.divmod(found, len(self))
            yield some[here], there, np.sqrt(squared.ravel()[found])

    def _squared(self, vectors: Floats, places: Places | slice) -> Floats:
        squared: Floats = (-2 * np.nan_to_num(vectors)) @ self._vectors[:, places]
        squared += self._squares[places]
        squared += _squares(vectors)[:, np.newaxis]
        return np.maximum(squared, 0, out=squared)  # rounding may leave less for equal vectors

    def _make_room(self, faces: int) -> None:
        """More where there is too little; less where an eighth would do."""
        room = len(self._squares)
        if room // 8 <= faces <= room or faces <= LEAST_ROOM == room:
            return
        room = max(LEAST_ROOM, faces + faces // 2)
        self._vectors = _resized(self._vectors, room, len(self))
        self._squares = _resized(self._squares, room, len(self))
        self._facts = _resized(self._facts, room, len(self))


def _squares(vectors: Floats) -> Floats:
    """Squared lengths; infinite for what cannot be compared."""
    squares: Floats = np.einsum("ij,ij->i", vectors, vectors)
    return np.nan_to_num(squares, copy=False, nan=np.inf)


def _resized(column: NDArray[Any], room: int, kept: int) -> NDArray[Any]:
    resized = np.zeros((*column.shape[:-1], room), column.dtype)
    resized[..., :kept] = column[..., :kept]
    return resized
