"""The detectors that are measured, each over the same decoded photos."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.rounds import say
from tagbot.photos.decoding import read_photo
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.recognition.centerface import CenterFace
from tagbot.recognition.detector import Detector
from tagbot.recognition.model_files import CENTERFACE, YUNET, where
from tagbot.recognition.yunet import YuNet
from tests.curves.hog import Hog
from tests.curves.marks import MarkedPhoto
from tests.curves.recall import Recall

MEGAPIXELS = (1, 3, 12)
"""Of the photos in which the time is taken."""

TIMES = 3

Find = Callable[[Photo], Iterable[Rectangle]]


@dataclass(slots=True)
class Measured:
    """A detector, and how it did."""

    name: str
    recall: Recall = field(default_factory=Recall)
    seconds: list[float] = field(default_factory=list)
    """Of processor time, by `MEGAPIXELS`: the photo is decoded before."""


def measured(photos: Sequence[MarkedPhoto], models: Path | None) -> Iterator[Measured]:
    """Each detector whose model is here."""
    for name, find in _detectors(models):
        say(f"{name} …")
        result = Measured(name)
        for photo in photos:
            result.recall.add(photo.marks, find(read_photo(photo.path.read_bytes())))
        largest = max(photos, key=lambda photo: len(photo.marks))
        result.seconds = [_seconds(find, _of_size(largest, size * 1_000_000)) for size in MEGAPIXELS]
        yield result


def _detectors(models: Path | None) -> Iterator[tuple[str, Find]]:
    yield Hog.name, Hog().find
    for model, network in ((CENTERFACE, CenterFace), (YUNET, YuNet)):
        if (file := where(model, models)) is not None:
            detector = Detector(network(file))
            yield detector.name, _boxes(detector)


def _boxes(detector: Detector) -> Find:
    """The boxes as the network draws them, around the whole face, as people mark it."""

    def find(photo: Photo) -> list[Rectangle]:
        return [
            Rectangle(round(face.left), round(face.top), round(face.width), round(face.height))
            for face in detector.faces(photo)
        ]

    return find


def _of_size(photo: MarkedPhoto, pixels: int) -> Photo:
    """The photo with so many pixels, 4 by 3."""
    height = round((pixels * 3 / 4) ** 0.5)
    return read_photo(photo.path.read_bytes()).resized(Size(height * 4 // 3, height))


def _seconds(find: Find, photo: Photo) -> float:
    """Of processor time, the median of some."""
    find(photo)

    def once() -> float:
        began = time.process_time()
        find(photo)
        return time.process_time() - began

    return median(once() for _ in range(TIMES))
