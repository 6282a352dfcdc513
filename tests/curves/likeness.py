"""What distances between vectors are worth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.curves.people import People


@dataclass(frozen=True, slots=True)
class Pairs:
    """Of all faces with all others, by distance."""

    distances: NDArray[np.float64]
    """Up to which two faces are taken for one person's."""
    found: NDArray[np.float64]
    """Of the pairs of one person, the share that lies below."""
    mistaken: NDArray[np.float64]
    """Of the pairs of two people, the same."""
    right: NDArray[np.float64]
    """Of what lies below, the share that is of one person: it depends on how many people there are."""

    def found_at(self, mistaken: float) -> tuple[float, float]:
        """The distance at which so many pairs of two people are mistaken, and the share found there."""
        at = int(np.searchsorted(self.mistaken, mistaken, side="right")) - 1
        return float(self.distances[at]), float(self.found[at])


def pairs(people: People) -> Pairs:
    """All of them."""
    upper = np.triu_indices(len(people.names), 1)
    squares = (people.vectors**2).sum(axis=1)
    squared = squares[:, np.newaxis] + squares - 2 * people.vectors @ people.vectors.T
    apart = np.sqrt(np.maximum(squared[upper], 0))
    same = people.names[upper[0]] == people.names[upper[1]]
    distances = np.linspace(0.2, 1.0, 401)
    ours = np.searchsorted(np.sort(apart[same]), distances, side="right")
    others = np.searchsorted(np.sort(apart[~same]), distances, side="right")
    return Pairs(distances, ours / same.sum(), others / (~same).sum(), ours / np.maximum(ours + others, 1))
