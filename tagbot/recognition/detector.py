"""Finding the faces in a photo, by whichever network is there."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import numpy as np

from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Size
from tagbot.recognition.centerface import CenterFace
from tagbot.recognition.detection import Detection, Finds, Fit, Pixels, distinct, pixels_of
from tagbot.recognition.model_files import CENTERFACE, YUNET, Model, where
from tagbot.recognition.yunet import YuNet

MOST_FACES = 500
"""Of one photo, the surest; as many as a sidecar may name."""

MOST_FINDS = 5000
"""Of one look, the surest: there are several of each face."""

LONGEST_SIDE = 4096
"""Pixels that a look sees at most: of a strip of paper, too."""

STEP = 32
"""Pixels: the networks halve a picture five times."""


class Network(Protocol):
    """Finds faces in a picture of moderate size."""

    @property
    def name(self) -> str:
        """As its authors call it."""

    @property
    def looks(self) -> tuple[int, ...]:
        """How many pixels a photo has at most for each of the looks at it, the most first: at each size
        other faces are found.
        """

    @property
    def fit(self) -> Fit:
        """Of its finds."""

    def find(self, pixels: Pixels) -> Finds:
        """Where faces may be, some of them several times. The sides are multiples of `STEP`."""


Known = tuple[Model, Callable[[Path], Network]]
"""A network with its file."""

NETWORKS: tuple[Known, ...] = ((YUNET, YuNet), (CENTERFACE, CenterFace))
"""The one that finds most first."""


class Detector:
    """Finds faces; one thread may use it."""

    def __init__(self, network: Network) -> None:
        """The network decides what is found; all are used alike."""
        self._network = network
        self.name = network.name

    @classmethod
    def for_photos(cls, models: Path | None) -> "Detector":
        """With the network that finds most, of those whose files are in the folder of models or installed."""
        return cls._first_of(NETWORKS, models)

    @classmethod
    def for_crops(cls, models: Path | None) -> "Detector":
        """With the one that everybody has, so that vectors stay comparable when a better one comes or goes.

        It also tells best how a face is turned: YuNet takes every face for nearly upright.
        """
        return cls._first_of(NETWORKS[::-1], models)

    @classmethod
    def _first_of(cls, networks: Iterable[Known], models: Path | None) -> "Detector":
        for model, network in networks:
            if (file := where(model, models)) is not None:
                return cls(network(file))
        raise FileNotFoundError(CENTERFACE.file)

    def faces(self, photo: Photo) -> list[Detection]:
        """The faces in a photo, the surest first."""
        first, *others = (_seen(photo.size, pixels) for pixels in self._network.looks)
        sizes = [first, *(size for size in others if size.width * 2 < first.width)]
        finds = distinct(np.concatenate([self._look(photo, size) for size in sizes]))
        return [Detection.of(find, self._network.fit) for find in finds[:MOST_FACES]]

    def _look(self, photo: Photo, size: Size) -> Finds:
        pixels = pixels_of(photo.shrunk(size))
        edges = ((0, -size.height % STEP), (0, -size.width % STEP), (0, 0))
        finds = self._network.find(np.pad(pixels, edges))
        finds = finds[np.argsort(-finds[:, 4], kind="stable")[:MOST_FINDS]]
        across, down = photo.size.width / size.width, photo.size.height / size.height
        return finds * np.array([across, down, across, down, 1, *(across, down) * 5], np.float32)


def _seen(size: Size, pixels: int) -> Size:
    """The size in which a look sees a photo of that size: never larger."""
    factor = min(1.0, math.sqrt(pixels / (size.width * size.height)), LONGEST_SIDE / max(size))
    return Size(*(max(1, round(side * factor)) for side in size))
