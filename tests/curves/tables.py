"""The curves as tables for docs/recognition.md."""

from collections.abc import Sequence

from bench.table import NONE, markdown
from tests.curves.detectors import MEGAPIXELS, Measured
from tests.curves.likeness import Pairs
from tests.curves.recall import FROM

BANDS = ((80, 10_000, "80 px on"), (40, 80, "40–80"), (24, 40, "24–40"), (12, 24, "12–24"))

MISTAKEN = (1 / 1_000, 1 / 10_000)
"""Of the pairs of two people."""


def of_detectors(results: Sequence[Measured]) -> str:
    """A line for each."""
    head = (
        "detector",
        *(name for _, _, name in BANDS),
        f"from {FROM} px",
        "all",
        "false",
        *(f"{size} MP" for size in MEGAPIXELS),
    )
    rows = []
    for result in results:
        recall = result.recall
        bands = [_counted(result, low, high) for low, high, _ in BANDS]
        shares = [_percent(recall.share(FROM)), _percent(recall.share())]
        times = [f"{seconds * 1000:.0f} ms" for seconds in result.seconds]
        rows.append((result.name, *bands, *shares, str(len(recall.false)), *times))
    return markdown(head, rows)


def _counted(result: Measured, low: int, high: int) -> str:
    found = sum(low <= side < high for side in result.recall.found)
    return f"{found} of {sum(low <= side < high for side in result.recall.marked)}"


def _percent(share: float | None) -> str:
    return NONE if share is None else f"{share:.1%}".replace("%", " %")


def of_pairs(likeness: Pairs) -> str:
    """What is found at a few rates of mistakes."""
    rows = []
    for mistaken in MISTAKEN:
        distance, found = likeness.found_at(mistaken)
        rows.append((f"1 in {1 / mistaken:,.0f}", f"{distance:.3f}", _percent(found)))
    return markdown(("mistaken pairs", "distance", "of one person’s pairs, found"), rows)
