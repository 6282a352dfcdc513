"""Pictures of people whose names are known, described as the bot describes faces."""

import math
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagbot.photos.cropping import crop_face
from tagbot.photos.decoding import read_photo
from tagbot.recognition.describing import Describer
from tagbot.recognition.description import Description
from tagbot.recognition.detector import Detector

PICTURES = (".jpg", ".jpeg", ".png", ".webp")


class People(NamedTuple):
    """Faces with their truth."""

    names: NDArray[np.str_]
    """Of the person, by face."""
    vectors: NDArray[np.float32]
    """A row for each face."""
    undescribed: int
    """Pictures in which no face was found, or none that can be described."""


def described(folder: Path, models: Path) -> People:
    """The faces in a folder that has a folder for each person; in a picture, the face in the middle counts.

    Raises `ValueError` where there are fewer than two people.
    """
    pictures = sorted(path for path in folder.glob("*/*") if path.suffix.lower() in PICTURES)
    if len(Counter(path.parent for path in pictures)) < 2:
        raise ValueError(f"{folder} needs a folder with pictures for each of two people or more")
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        found = list(processes.map(_description, pictures, [models] * len(pictures), chunksize=20))
    faces = [(path.parent.name, each) for path, each in zip(pictures, found, strict=True) if each]
    return People(
        np.array([name for name, _ in faces]),
        np.stack([np.frombuffer(each.vector, "<f4") for _, each in faces]),
        found.count(None),
    )


def _description(path: Path, models: Path) -> Description | None:
    """In a process: by the whole way that a face takes, from the photo over the crop to the vector."""
    detector, describer = _loaded(models)
    photo = read_photo(path.read_bytes())
    middle = (photo.size.width / 2, photo.size.height / 2)
    faces = sorted(detector.faces(photo), key=lambda face: math.dist(face.middle, middle))
    if not faces:
        return None
    crop = crop_face(photo, faces[0].rectangle(photo.size), [])
    found = describer.describe(read_photo(crop))
    return found if isinstance(found, Description) else None


@cache
def _loaded(models: Path) -> tuple[Detector, Describer]:
    return Detector.for_photos(models), Describer(models)
