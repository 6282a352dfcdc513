"""Real faces of which it is known whose they are: the environment variable `FACES` names a folder that has
one for each person, with photos of them.
"""

import hashlib
import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.child import Missing
from tests.scenario.crowd import Shown

FOLDER = "FACES"

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


@dataclass(frozen=True, slots=True)
class Known:
    """A person with the photos in whose middle they are."""

    slack_id: str
    name: str
    photos: Sequence[Path]

    def hashes(self) -> set[str]:
        """By which the bot knows the photos."""
        return {hashlib.sha256(photo.read_bytes()).hexdigest() for photo in self.photos}


def drawn(people: int, photos: int, seed: int) -> list[Known]:
    """So many people with so many photos each, drawn by the seed.

    Raises `Missing` where there are not so many.
    """
    chance, folder = random.Random(seed), os.environ.get(FOLDER)
    if not folder:
        raise Missing(f"set {FOLDER} to a folder that has one for each person, with photos of them")
    enough = {name: found for name, found in _photos_by_name(folder).items() if len(found) >= photos}
    if len(enough) < people:
        raise Missing(f"{people} people with {photos} photos are wanted; {FOLDER} has {len(enough)}")
    return [
        Known(f"U0KNOWN{number:03d}", name.replace("_", " "), chance.sample(enough[name], photos))
        for number, name in enumerate(chance.sample(sorted(enough), people))
    ]


@cache
def _photos_by_name(folder: str) -> dict[str, list[Path]]:
    """The photos of each person; thousands may be there, of whom few have many."""
    found: dict[str, list[Path]] = {}
    for path, _, files in os.walk(folder):
        photos = [Path(path, file) for file in sorted(files) if file.lower().endswith(SUFFIXES)]
        if photos:
            found[Path(path).name] = photos
    return found


def mixed(photos: Iterable[Path], folder: Path, seed: int) -> Path:
    """The folder with copies of the photos, whose names are in an order drawn by the seed."""
    in_order = sorted(photos)
    random.Random(seed).shuffle(in_order)
    for number, photo in enumerate(in_order):
        shutil.copyfile(photo, folder / f"{number:04d}{photo.suffix}")
    return folder


def whose_faces(database: Path, people: Sequence[Known]) -> dict[str, Shown]:
    """By its id, each face that a bot has found. One beside the middle of its photo is a stranger's."""
    whose = {photo: person.slack_id for person in people for photo in person.hashes()}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(FACES).fetchall()
    met: Counter[str] = Counter()
    faces = {}
    for face_id, photo, is_in_the_middle in rows:
        met[photo] += 1
        person = whose[photo] if is_in_the_middle and met[photo] == 1 else None
        faces[face_id] = Shown(f"{photo} {met[photo]}", person)
    return faces


FACES = """
    SELECT face.id, photo_id,
           "left" * 2 <= photo.width AND ("left" + face.width) * 2 >= photo.width
           AND top * 2 <= photo.height AND (top + face.height) * 2 >= photo.height AS is_in_the_middle
    FROM face JOIN photo ON photo.sha256 = photo_id
    ORDER BY photo_id, is_in_the_middle DESC, face.width * face.height DESC, "left", top
"""
"""Id, photo, and whether the middle of the photo is in the face: the largest such one comes first."""
