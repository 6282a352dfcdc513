"""The arithmetic of the table, and how it is written. All figures that count are ratios of one run."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.child import Missing

HEAD = ("figure", "ours", "beside", "ratio", "spread", "goal", "reached")

NONE = "–"
"""In a cell that has nothing to say."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was measured of ours and of something else, in the same rounds."""

    figure: str
    ours: Sequence[float]
    beside: Sequence[float]
    """By round, as `ours`."""
    what: str
    """What stands beside ours."""
    unit: str
    goal: "Goal"

    @property
    def ratios(self) -> list[float]:
        """By round: what troubled the machine in a round troubled both. None where nothing is beside."""
        return [ours / beside for ours, beside in zip(self.ours, self.beside, strict=True) if beside]

    @property
    def ratio(self) -> float:
        """Of ours to the other's."""
        return median(self.ratios)

    @property
    def more(self) -> float:
        """By how much ours is larger, in the unit."""
        return median(ours - beside for ours, beside in zip(self.ours, self.beside, strict=True))

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest ratio."""
        return min(self.ratios), max(self.ratios)

    def cells(self) -> tuple[str, ...]:
        """A line of the table."""
        return (
            self.figure,
            _with_unit(median(self.ours), self.unit),
            f"{self.what}: {_with_unit(median(self.beside), self.unit)}",
            f"{self.ratio:.2f}" if self.ratios else NONE,
            "{:.2f}–{:.2f}".format(*self.spread) if self.ratios else NONE,
            self.goal.text,
            self.goal.verdict(self),
        )


@dataclass(frozen=True, slots=True)
class NotMeasured:
    """A line that says what is missing on this machine, or went wrong."""

    figure: str
    what: str
    why: Missing

    def cells(self) -> tuple[str, ...]:
        """A line of the table."""
        return (self.figure, NONE, f"{self.what}: not measured, {self.why}", NONE, NONE, NONE, NONE)


Line = Comparison | NotMeasured


@dataclass(frozen=True, slots=True)
class Goal:
    """What a comparison should come to; without `holds`, it only informs."""

    text: str
    holds: Callable[[Comparison], bool] | None

    def verdict(self, comparison: Comparison) -> str:
        """The last cell: of the exact figures, not of the rounded ones that are printed."""
        if self.holds is None:
            return NONE
        return "yes" if self.holds(comparison) else "no"


AHEAD = Goal("> 1", lambda comparison: comparison.ratio > 1)


def at_least(ratio: float) -> Goal:
    """So many times the other, or more."""
    return Goal(f"≥ {ratio:g}", lambda comparison: comparison.ratio >= ratio)


def at_most(ratio: float) -> Goal:
    """So many times the other, or less."""
    return Goal(f"≤ {ratio:g}", lambda comparison: comparison.ratio <= ratio)


def no_more_than(amount: float, unit: str = "") -> Goal:
    """Of ours, whatever is beside it."""
    return Goal(f"≤ {amount:g} {unit}".rstrip(), lambda comparison: median(comparison.ours) <= amount)


def no_less_than(amount: float, unit: str = "") -> Goal:
    """Of ours, whatever is beside it."""
    return Goal(f"≥ {amount:g} {unit}".rstrip(), lambda comparison: median(comparison.ours) >= amount)


def at_most_more(amount: float, unit: str) -> Goal:
    """No more than so much above the other."""
    return Goal(f"≤ {amount:g} {unit} more", lambda comparison: comparison.more <= amount)


def none_at_all() -> Goal:
    """Not once in any round."""
    return Goal("none", lambda comparison: not any(comparison.ours))


def no_goal(why: str) -> Goal:
    """The line is there to know."""
    return Goal(f"none: {why}", None)


def _with_unit(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def between_markers(document: str, name: str, content: str) -> str:
    """The document with this content between `<!-- NAME: … -->` and `<!-- /NAME -->`."""
    pattern = re.compile(rf"(<!-- {name}: [^\n]* -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if len(pattern.findall(document)) != 1:
        raise ValueError(f"the document needs the marker {name} once")
    return pattern.sub(lambda found: f"{found[1]}{content}\n{found[2]}", document)
