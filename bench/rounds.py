"""Rounds in which everything is measured once, one after the other: what slows the machine for a while then
slows all of them.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.child import Missing

ROUNDS = 3

SHORT_ROUNDS = 7
"""Of what takes a second or two: more rounds, as the disk changes its pace within them."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured."""

    quick: bool

    def of(self, whole: int, quick: int) -> int:
        """How many of something there are."""
        return quick if self.quick else whole

    @property
    def rounds(self) -> int:
        """Of what takes long."""
        return self.of(ROUNDS, 1)

    @property
    def short_rounds(self) -> int:
        """Of what does not."""
        return self.of(SHORT_ROUNDS, ROUNDS)


@dataclass(frozen=True, slots=True)
class Results:
    """What the rounds gave."""

    measured: Mapping[str, list[float]]
    """By what was measured, a figure for each round."""
    missing: Mapping[str, Missing]
    """Why, by what could not be measured."""

    def of(self, name: str) -> list[float]:
        """What was measured, or it raises why it was not."""
        if name in self.missing:
            raise self.missing[name]
        return self.measured[name]


def interleaved(measures: Mapping[str, Callable[[], float]], rounds: int) -> Results:
    """Measure each in each round; what is missing once is left out of the others."""
    measured: dict[str, list[float]] = {name: [] for name in measures}
    missing: dict[str, Missing] = {}
    for number in range(1, rounds + 1):
        for name, measure in measures.items():
            if name in missing:
                continue
            say(f"round {number}: {name}")
            try:
                measured[name].append(measure())
            except Missing as what:
                missing[name] = what
    return Results({name: values for name, values in measured.items() if name not in missing}, missing)


def say(text: str) -> None:
    """Tell whoever waits, beside the table."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
