"""dlib's detector as the bot used it before: the yardstick. It comes with the encoder's library."""

from typing import Any

import dlib
import numpy as np

from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle
from tagbot.recognition.detection import pixels_of

DOUBLED = 4_000_000
"""Pixels: a photo up to this size is doubled first, to find faces of 40 pixels instead of 80."""

SCORE_FLOOR = 0.4


class Hog:
    """It holds the interpreter's lock while it works."""

    name = "dlib’s HOG"

    def __init__(self) -> None:
        self._detector: Any = dlib.get_frontal_face_detector()

    def find(self, photo: Photo) -> list[Rectangle]:
        """The faces, the surest first."""
        doublings = int(photo.size.width * photo.size.height <= DOUBLED)
        boxes, scores, _ = self._detector.run(pixels_of(photo), doublings, SCORE_FLOOR)
        surest_first = [boxes[number] for number in np.argsort(scores)[::-1]]
        return [Rectangle(box.left(), box.top(), box.width(), box.height()) for box in surest_first]
