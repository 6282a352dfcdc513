"""The curves as tables for docs/recognition.md."""

from collections.abc import Mapping, Sequence

from bench.table import NONE, markdown
from tests.curves.albums import Album, Grouped, own_distance
from tests.curves.detectors import MEGAPIXELS, Measured
from tests.curves.likeness import Pairs
from tests.curves.line_ups import LineUps
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


OFFERED = (2, 4, 9)
"""Names in a line-up."""


def of_albums(results: Mapping[Album, Sequence[Grouped]]) -> str:
    """A line for each, at the distance by which the bot goes for so many faces."""
    rows = []
    for album, tried in results.items():
        own = next((each for each in tried if each.distance == own_distance(album)), None)
        if own is not None:
            rows.append(
                (
                    f"{album.faces:,}",
                    f"{own.people / album.draws:,.0f}",
                    f"{own.distance:.2f}",
                    f"{own.requests / own.faces:.3f}",
                    _percent(own.together / own.faces),
                    f"{own.strangers:,} of {own.together:,}",
                    f"{own.wrong:.2f}",
                )
            )
    head = (
        "faces that wait",
        "of people",
        "distance",
        "requests a face",
        "faces that share one",
        "strangers among them",
        "of 500",
    )
    return markdown(head, rows)


def of_line_ups(results: Sequence[LineUps]) -> str:
    """A line for each number of learned faces."""
    rows = [
        (
            f"{each.learned} of each of {each.people:,}",
            *(_percent(float(each.within[names - 1])) for names in OFFERED),
            _percent(each.sure / each.asked),
            f"{each.right:,} of {each.sure:,}",
            _percent(each.offered),
            f"{each.wrong:,} of {each.strangers:,}",
        )
        for each in results
    ]
    head = (
        "faces learned",
        *(f"person among {names}" for names in OFFERED),
        "sure",
        "right, where sure",
        "strangers who get names",
        "strangers it is sure of",
    )
    return markdown(head, rows)
