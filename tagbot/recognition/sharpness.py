"""How sharp a face is: whether anybody could recognise it.

Two bands of detail are compared, the finer one with the coarser: so brightness and contrast do not matter.
The finest band of all, where noise and a JPEG's blocks are, is not looked at.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Size
from tagbot.recognition.detection import Detection, pixels_of

SIDE = 64
"""Pixels of the square from brows to chin at which it is measured, or as many as it has, if it has fewer."""

CELLS = 4
"""The square is divided into so many by so many cells, and the quarter of them with most detail is left out:
a sharp edge in front of a blurred face is not the face's.
"""


def sharpness(photo: Photo, face: Detection, *, enlarged: float = 1.0) -> float:
    """From 0.3, where nothing is to be seen, to 0.7. `enlarged` says by how much the photo was: that makes no
    face sharper.
    """
    place = face.rectangle(photo.size)
    own = min(place.width, place.height) / max(enlarged, 1.0)
    side = max(CELLS, min(SIDE, round(own)))
    grey = pixels_of(photo.cut(place).shrunk(Size(side, side))).mean(axis=2)
    fine, middle, coarse = (_blurred(grey, radius) for radius in (1.0, 2.0, 4.0))
    detail, form = _by_cell(fine - middle), _by_cell(middle - coarse)
    counted = np.argsort(detail)[: CELLS * CELLS * 3 // 4]
    return float(detail[counted].sum() / max(form[counted].sum(), 1e-6))


def _by_cell(band: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of what there is in each cell."""
    side = len(band) // CELLS
    cells = np.abs(band)[: side * CELLS, : side * CELLS].reshape(CELLS, side, CELLS, side)
    means: NDArray[np.float64] = cells.mean(axis=(1, 3)).ravel()
    return means


def _blurred(grey: NDArray[np.float64], radius: float) -> NDArray[np.float64]:
    """By a Gaussian of that radius."""
    reach = math.ceil(3 * radius)
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * radius**2))
    weights /= weights.sum()
    for _ in range(2):  # along the rows, then along the columns
        padded = np.pad(grey, ((0, 0), (reach, reach)), mode="reflect" if len(grey) > reach else "edge")
        grey = np.array([np.convolve(row, weights, mode="valid") for row in padded]).T
    return grey
