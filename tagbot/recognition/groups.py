"""Which faces may share a request, and which of them do. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tagbot.recognition.description import Description
from tagbot.recognition.vector_table import Floats


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


def gathered(
    distances: Floats, may_join: Callable[[int, int], bool], near: Callable[[int], float], most: int
) -> list[int]:
    """A group around the first of some faces, from the distances of each to each.

    The face that is nearest to the group in the mean joins it, as long as one is below `near` of the group's
    size. Needing to be near to each face would find fewer, and keep out no more strangers.
    """
    group = [0]
    candidates = [each for each in range(1, len(distances)) if may_join(0, each)]
    while candidates and len(group) < most:
        means = distances[np.ix_(candidates, group)].mean(axis=1)
        nearest = int(means.argmin())
        if means[nearest] >= near(len(group)):
            break
        joining = candidates.pop(nearest)
        group.append(joining)
        candidates = [each for each in candidates if may_join(joining, each)]
    return group
