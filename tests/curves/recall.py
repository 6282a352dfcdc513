"""How many of the faces a detector finds, by their size, and what it takes for one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tagbot.photos.rectangle import Rectangle
from tests.curves.marks import Mark

SAME = 0.3
"""Of the area that both cover together: from here on, what was found is the marked face. Each detector draws
its boxes in its own way, from the brows to the chin or around the whole head.
"""

SIZES = (12, 16, 24, 32, 40, 56, 80, 120, 10_000)
"""Pixels of the shorter side, at which one band of sizes ends and the next begins."""

FROM = 40
"""Pixels: from here on, people recognise a face."""


@dataclass(slots=True)
class Recall:
    """Of one detector, over some photos."""

    marked: list[int] = field(default_factory=list)
    """The shorter side of each face that counts."""
    found: list[int] = field(default_factory=list)
    """The same of those that were found."""
    false: list[int] = field(default_factory=list)
    """The same of what was taken for a face, as it was found."""

    def add(self, marks: Sequence[Mark], places: Iterable[Rectangle]) -> None:
        """One photo; `places` come the surest first. A second find of a face is false."""
        left = list(marks)
        for place in places:
            best = max(left, key=lambda mark: likeness(mark.place, place), default=None)
            if best is not None and likeness(best.place, place) >= SAME:
                left.remove(best)
            else:
                self.false.append(min(place.width, place.height))
        self.marked += [mark.side for mark in marks if mark.counts]
        self.found += [mark.side for mark in marks if mark.counts and mark not in left]

    def share(self, least: int = 0, below: int = SIZES[-1]) -> float | None:
        """Of the faces of these sizes, those that were found; None where there is no such face."""
        marked = [side for side in self.marked if least <= side < below]
        found = [side for side in self.found if least <= side < below]
        return len(found) / len(marked) if marked else None


def likeness(one: Rectangle, other: Rectangle) -> float:
    """The share of what two rectangles cover that both of them do."""
    both = one.overlap(other)
    return both / (one.area + other.area - both)
