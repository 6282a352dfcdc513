"""Statistics of how far to trust what was counted. Pure."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

Z = 1.959963984540054
"""Of the normal distribution: 95 % lie within so many standard deviations."""


LEAST_BOUND = 0.99
"""Of the machine's precision, from which on its opinion counts as a vote: the contract's."""


def wilson_lower_bound(right: int, of: int) -> float | None:
    """The lower end of the 95 % interval (Wilson, 1927) of how often something is right; None for nothing
    counted.
    """
    if not of:
        return None
    share = right / of
    spread = Z * math.sqrt((share * (1 - share) + Z * Z / (4 * of)) / of)
    return max(0.0, (share + Z * Z / (2 * of) - spread) / (1 + Z * Z / of))


@dataclass(frozen=True, slots=True)
class Record:
    """How often the machine was right where it was sure."""

    sure: int
    right: int

    @property
    def precision(self) -> float | None:
        """None for nothing counted, as is the lower bound."""
        return self.right / self.sure if self.sure else None

    @property
    def lower_bound(self) -> float | None:
        """Of the precision, at 95 %."""
        return wilson_lower_bound(self.right, self.sure)

    @property
    def earns_vote(self) -> bool:
        """It takes 381 that were all right, or 563 of which one was wrong."""
        return (self.lower_bound or 0.0) >= LEAST_BOUND


def krippendorff_alpha(units: Iterable[Iterable[Hashable]]) -> float | None:
    """How far answers agree beyond chance, from the answers about each unit (nominal data, of which any may
    be missing): 1 for always, 0 as by chance; None where that cannot be said, as only one answer was ever
    given.

    The package `krippendorff` wants a table of all units by all answers, which for a hundred thousand faces
    of a thousand people would fill the memory.
    """
    given: Counter[Hashable] = Counter()
    differing = 0.0
    for unit in units:
        answers = Counter(unit)
        count = answers.total()
        if count > 1:
            given.update(answers)
            differing += (count * count - sum(each * each for each in answers.values())) / (count - 1)
    total = given.total()
    by_chance = total * total - sum(each * each for each in given.values())
    return 1 - (total - 1) * differing / by_chance if by_chance else None
