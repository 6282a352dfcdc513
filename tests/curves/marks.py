"""Photos with their faces marked: what a detector should find in them."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tagbot.photos.rectangle import Rectangle

FILE = "faces.csv"
"""In the folder of the photos: a line for each face; one with its name alone for a photo without faces."""

COLUMNS = ("photo", "left", "top", "width", "height", "counts")

SMALLEST = 12
"""Pixels of the shorter side: a smaller face may be found or not."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A face, in pixels of its photo."""

    place: Rectangle
    counts: bool = True
    """Otherwise it may be found or not: it is too small, covered or blurred for people to agree on."""

    @property
    def side(self) -> int:
        """The shorter one."""
        return min(self.place.width, self.place.height)


@dataclass(frozen=True, slots=True)
class MarkedPhoto:
    """A photo and all its faces."""

    path: Path
    marks: Sequence[Mark]


def marked_photos(folder: Path) -> list[MarkedPhoto]:
    """Those that the folder's `FILE` names, in its order; raises `ValueError` for a line without a place."""
    photos: dict[str, list[Mark]] = {}
    with (folder / FILE).open(newline="", encoding="utf-8") as lines:
        for number, line in enumerate(csv.DictReader(lines), start=2):
            marks = photos.setdefault(line["photo"], [])
            if line["left"]:
                try:
                    place = Rectangle(*(round(float(line[column])) for column in COLUMNS[1:5]))
                except (KeyError, TypeError, ValueError) as error:
                    raise ValueError(f"{folder / FILE}, line {number}: four numbers are needed") from error
                large_enough = min(place.width, place.height) >= SMALLEST
                marks.append(Mark(place, large_enough and line.get("counts") != "no"))
    return [MarkedPhoto(folder / name, marks) for name, marks in photos.items()]


def write_marks(folder: Path, photos: Iterable[MarkedPhoto]) -> None:
    """Write the folder's `FILE`."""
    with (folder / FILE).open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(COLUMNS)
        for photo in photos:
            for mark in photo.marks:
                place = mark.place
                counts = "yes" if mark.counts else "no"
                writer.writerow((photo.path.name, place.left, place.top, place.width, place.height, counts))
            if not photo.marks:
                writer.writerow((photo.path.name, *[""] * 5))
