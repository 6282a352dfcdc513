"""Which faces may share a request, and which of them do. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from tagbot.recognition.description import Description
from tagbot.recognition.vector_table import Floats

FAR = 1.1
"""Of what is near: so far from the others in the mean no face of a request is."""


@dataclass(frozen=True, slots=True)
class WaitingFace:
    """A face that waits to be asked about."""

    id: str
    photo: str
    stored_at: float
    """Seconds since 1970."""
    vector: Description | None
    """None where there is nothing to compare."""
    poor: bool = False
    """Small or blurred: asked last."""
    has_line_up: bool = False
    """The model knows somebody who resembles it."""

    def may_join(self, other: "WaitingFace") -> bool:
        """Whether both may be one person's: nobody is in a photo twice. Faces that people told apart are kept
        apart by the database, whatever is found here.
        """
        return self.photo != other.photo


def gathered(distances: Floats, may_join: Callable[[int, int], bool], near: float, most: int) -> list[int]:
    """A group around the first of some faces, from the distances of each to each; the first stands first.

    Of all that are linked with it, `most` are taken, evenly from the middle to the edge: what is left over is
    then as much alike. A face that is far from the rest of those is left out.
    """
    group = _spread(_linked(distances, may_join, near), distances, most)
    while len(group) > 1:
        means = distances[np.ix_(group, group)].sum(axis=1) / (len(group) - 1)
        farthest = int(means.argmax())
        if means[farthest] < FAR * near:
            break
        if group[farthest] == 0:
            return [0]
        del group[farthest]
    return [0, *(each for each in group if each)]


def _linked(distances: Floats, may_join: Callable[[int, int], bool], near: float) -> list[int]:
    """The first face and those that belong to it by average linkage: the two groups that are nearest in the
    mean become one, again and again, as long as they are below `near`, and no face of one forbids one of the
    other. Joining the nearest face instead puts a third more requests before people, with more strangers.
    """
    between = distances.astype(np.float64)
    np.fill_diagonal(between, np.inf)
    for one, other in combinations(range(len(between)), 2):
        if not may_join(one, other):
            between[one, other] = between[other, one] = np.inf
    groups = [[each] for each in range(len(between))]
    while True:
        one, other = sorted(divmod(int(between.argmin()), len(between)))
        if between[one, other] >= near:
            return next(group for group in groups if 0 in group)
        sizes = len(groups[one]), len(groups[other])
        between[one] = between[:, one] = np.average(between[[one, other]], axis=0, weights=sizes)
        between[other] = between[:, other] = np.inf
        groups[one] += groups[other]
        groups[other] = []


def _spread(group: Sequence[int], distances: Floats, most: int) -> list[int]:
    """So many of the group, in equal steps from its middle to its edge, and the first face."""
    means = distances[np.ix_(group, group)].mean(axis=1)
    in_order = [group[at] for at in np.argsort(means, kind="stable")]
    if len(group) <= most:
        return in_order
    places = np.linspace(0, len(group) - 1, most).round().astype(int)
    first = in_order.index(0)
    places[np.abs(places - first).argmin()] = first
    return [in_order[at] for at in places]
