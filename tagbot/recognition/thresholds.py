"""The meaning of distances: each model that describes faces has its own."""

from dataclasses import dataclass
from typing import NamedTuple

from tagbot.recognition.resemblance import Nearness


class Near(NamedTuple):
    """How near two groups of faces have to be in the mean to be one, among so many faces."""

    faces: int
    """At most."""
    distance: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Euclidean distances between the vectors of one model."""

    model: str
    dimensions: int
    """Numbers in a vector."""
    near: tuple[Near, ...]
    """By the number of faces that are compared, the fewest first: the more there are, the nearer the nearest
    stranger is.
    """
    nearness: Nearness
    """To people of the model."""

    def level(self, faces: int) -> int:
        """Which of `near` is for so many faces; the last one for more, too."""
        last = len(self.near) - 1
        return next((level for level, near in enumerate(self.near) if faces <= near.faces), last)


DLIB = Thresholds(
    model="dlib-resnet",
    dimensions=128,
    near=(
        Near(500, 0.55),
        Near(1_000, 0.50),
        Near(2_500, 0.39),
        Near(10_000, 0.35),
        Near(30_000, 0.33),
        Near(100_000, 0.30),
    ),
    nearness=Nearness(resembles=0.55, sure=0.50, margin=0.08),
)
"""Of dlib's ResNet, measured on LFW (deep-funneled). In albums of 400 faces of 25 people no grouped face was
wrong, in albums of 60 of 13 one in 600; of 900 faces of 62 people none. Beyond that many have few faces, and
the nearest stranger comes nearer: of 1,100 to 2,040 random pictures of the set none of 400 to 760 grouped
faces was wrong at 0.39, 1 to 2 in 500 at 0.41, 2 to 5 at 0.43. For more faces the distances are not measured:
they shrink by 0.06 for ten times as many.

Of 680 faces of 34 people, asked about one by one while the model grew, the machine was sure of 567 and wrong
about 0.1, in the mean of 24 orders; at 0.55, 579 and 0.5; at 0.46, 533 and none.
"""
