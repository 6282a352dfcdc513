"""The curves as pictures: the door to matplotlib."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from matplotlib.figure import Figure

from tests.curves.albums import Album, Grouped, own_distance
from tests.curves.detectors import MEGAPIXELS, Measured
from tests.curves.likeness import Pairs
from tests.curves.line_ups import LineUps
from tests.curves.recall import SIZES

WIDTH, HEIGHT = 13.0, 4.2
"""Inches, of two or three curves side by side."""

DOTS = 100
"""An inch."""


def draw_detectors(results: Sequence[Measured], path: Path) -> None:
    """Recall and false faces by size, and the time a photo."""
    figure = Figure((WIDTH, HEIGHT), DOTS, layout="constrained")
    recall, false, seconds = figure.subplots(1, 3)
    bands = list(pairwise(SIZES))
    ticks = [f"{low}–{high}" if high < SIZES[-1] else f"{low} on" for low, high in bands]
    for result in results:
        shares = [result.recall.share(low, high) for low, high in bands]
        recall.plot(ticks, [float("nan") if share is None else share for share in shares], marker="o")
        false.plot(
            ticks,
            [sum(low <= side < high for side in result.recall.false) for low, high in bands],
            marker="o",
        )
        seconds.plot(MEGAPIXELS, result.seconds, marker="o", label=result.name)
    recall.set(title="faces found", xlabel="pixels of the shorter side", ylim=(0, 1.02))
    false.set(title="false faces, in all photos", xlabel="pixels of the shorter side", ylim=(0, None))
    seconds.set(title="time a photo", xlabel="megapixels", ylabel="seconds of a core", ylim=(0, None))
    for axes in (recall, false):
        axes.tick_params(axis="x", labelrotation=45)
    _finish(figure, path)


def draw_encoder(likeness: Pairs, path: Path) -> None:
    """Pairs over the distance."""
    figure = Figure((WIDTH, HEIGHT), DOTS, layout="constrained")
    pairs, mistaken = figure.subplots(1, 2)
    pairs.plot(likeness.distances, likeness.found, label="of one person’s pairs, found")
    pairs.plot(likeness.distances, likeness.right, label="of the found, right")
    pairs.set(title="pairs", xlabel="distance", ylim=(0, 1.02))
    mistaken.plot(likeness.mistaken, likeness.found)
    mistaken.set(title="found by how many are mistaken", xlabel="of two people’s pairs, mistaken")
    mistaken.set(xscale="log", xlim=(1e-6, 1), ylim=(0, 1.02))
    _finish(figure, path)


def draw_groups(albums: Mapping[Album, Sequence[Grouped]], offers: Sequence[LineUps], path: Path) -> None:
    """Strangers and requests over the distance, a dot where the bot is; the right person by names offered."""
    figure = Figure((WIDTH, HEIGHT), DOTS, layout="constrained")
    wrong, requests, names = figure.subplots(1, 3)
    for album, tried in albums.items():
        distances = [each.distance for each in tried]
        own = [distances.index(own_distance(album))]
        wrong.plot(distances, [each.wrong for each in tried], marker="o", markevery=own)
        requests.plot(
            distances,
            [each.requests / each.faces for each in tried],
            marker="o",
            markevery=own,
            label=f"{album.faces:,} of {tried[0].people // album.draws:,}",
        )
    wrong.axhline(1, color="grey", linestyle="dotted")
    wrong.set(title="strangers among 500 grouped faces", xlabel="distance", yscale="symlog", ylim=(0, None))
    requests.set(title="requests a face", xlabel="distance", ylim=(0, 1.02))
    for each in offers:
        places = range(1, len(each.within) + 1)
        names.plot(places, each.within, marker="o", label=f"{each.learned} learned of {each.people:,}")
    names.set(title="right person among the nearest", xlabel="names", ylim=(0, 1.02))
    _finish(figure, path)


def _finish(figure: Figure, path: Path) -> None:
    for axes in figure.axes:
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend()
    figure.savefig(path, metadata={"Software": None})
