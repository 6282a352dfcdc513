"""`make curves`: how well faces are found and told apart, as curves and tables in docs/recognition.md.

Without PHOTOS the detectors look at photos composed of what scikit-image brings along. With PHOTOS=FOLDER
they look at yours, and with PEOPLE=FOLDER the encoder is measured; docs/recognition.md says how to mark them.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.child import ROOT
from bench.rounds import say
from bench.table import between_markers
from tests.curves import tables
from tests.curves.albums import ALBUMS, grouped
from tests.curves.composed import composed_photos
from tests.curves.detectors import measured
from tests.curves.drawing import draw_detectors, draw_encoder, draw_groups
from tests.curves.likeness import pairs
from tests.curves.line_ups import line_ups
from tests.curves.marks import MarkedPhoto, marked_photos
from tests.curves.people import People, described

PAGE = ROOT / "docs/recognition.md"
PICTURES = ROOT / "docs/pictures"

COMPOSED = 12
"""Photos."""


def main() -> int:
    """Read the command line, measure, write; 1 for a folder that cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m tests.curves", description=__doc__)
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="with a faces.csv")
    parser.add_argument("--people", type=Path, metavar="FOLDER", help="with a folder for each person")
    parser.add_argument("--models", type=Path, metavar="FOLDER", default=ROOT / "data/models")
    options = parser.parse_args()
    try:
        if options.photos is not None:
            write_detectors("detectors", marked_photos(options.photos), options.models)
        elif options.people is None:
            with tempfile.TemporaryDirectory() as folder:
                photos = list(composed_photos(Path(folder), COMPOSED))
                write_detectors("detectors-composed", photos, options.models)
        if options.people is not None:
            people = described(options.people, options.models)
            write_encoder("encoder", people)
            write_groups(people)
    except (OSError, ValueError) as why:
        say(str(why))
        return 1
    return 0


def write_detectors(name: str, photos: Sequence[MarkedPhoto], models: Path) -> None:
    """The curves and the table of that name."""
    results = list(measured(photos, models))
    faces = sum(mark.counts for photo in photos for mark in photo.marks)
    draw_detectors(results, PICTURES / f"{name}.png")
    _write(name, f"{_when()}: {len(photos):,} photos, {faces:,} faces.\n\n{tables.of_detectors(results)}")


def write_encoder(name: str, people: People) -> None:
    """As above."""
    likeness = pairs(people)
    draw_encoder(likeness, PICTURES / f"{name}.png")
    without = f"pictures without a face that could be described: {people.undescribed}."
    _write(name, f"{_about(people)}; {without}\n\n{tables.of_pairs(likeness)}")


def write_groups(people: People) -> None:
    """What groups and line-ups are worth."""
    albums = {album: found for album in ALBUMS if (found := grouped(people, album))}
    offers = list(line_ups(people))
    draw_groups(albums, offers, PICTURES / "groups.png")
    _write("groups", f"{_about(people)}.\n\n{tables.of_albums(albums)}")
    _write("line-ups", f"{_about(people)}.\n\n{tables.of_line_ups(offers)}")


def _about(people: People) -> str:
    return f"{_when()}: {len(people.names):,} faces of {len(set(people.names.tolist())):,} people"


def _when() -> str:
    return f"Measured on {datetime.now(UTC):%Y-%m-%d}"


def _write(name: str, text: str) -> None:
    sys.stdout.write(f"{text}\n\n")
    PAGE.write_text(between_markers(PAGE.read_text(), name, text))


if __name__ == "__main__":
    sys.exit(main())
