"""Statistics of how far to trust what was counted. Pure."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable

Z = 1.959963984540054
"""Of the normal distribution: 95 % lie within so many standard deviations."""


def wilson_lower_bound(right: int, of: int) -> float | None:
    """The lower end of the 95 % interval (Wilson, 1927) of how often something is right; None for nothing
    counted.
    """
    if not of:
        return None
    share = right / of
    spread = Z * math.sqrt((share * (1 - share) + Z * Z / (4 * of)) / of)
    return max(0.0, (share + Z * Z / (2 * of) - spread) / (1 + Z * Z / of))


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
