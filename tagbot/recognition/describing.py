"""From a crop to the vector of the face in it."""

from pathlib import Path

import numpy as np

from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.recognition.description import Description
from tagbot.recognition.detection import Detection, pixels_of
from tagbot.recognition.detector import Detector
from tagbot.recognition.dlib_encoder import DlibEncoder
from tagbot.recognition.encoder import Encoder
from tagbot.recognition.sharpness import sharpness
from tagbot.vocabulary import RejectionReason

CROP_SIDE = 300
"""Pixels of a crop's shorter side in which a face is looked for and described: it fills about half of that,
and the encoder sees 150.
"""

BORDER = 75
"""Pixels by which a crop's edges are drawn out: outside the picture the encoder sees black."""

LEVEL = 30.0
"""Degrees of roll: from here on the eyes are levelled first, which brings the vector from 0.17 to 0.07 of the
upright face's.
"""


LEARNABLE = 0.46
"""The least sharpness of a face that is learned. Blurred with 3 % of the face's side its vector is 0.44 away
from the sharp one's, with 3.4 % 0.49; from 0.6 on it would be another person's.
"""


class Describer:
    """Finds the face in a crop, and has the encoder describe it."""

    def __init__(self, models: Path) -> None:
        """`models` is the folder of models. Another encoder is chosen here, where its file is there."""
        self._detector = Detector.for_crops(models)
        self._encoder: Encoder = DlibEncoder(models)

    @property
    def name(self) -> str:
        """Of the encoder's model."""
        return self._encoder.name

    def describe(self, crop: Photo) -> Description | RejectionReason:
        """The vector of the face in the middle; or why there is none."""
        factor = CROP_SIDE / min(crop.size)
        picture = _with_border(crop.scaled(factor))
        face = self._middle_face(picture)
        if face is None:
            return RejectionReason.NO_FACE
        if sharpness(picture, face, enlarged=factor) < LEARNABLE:
            return RejectionReason.TOO_BLURRED
        if abs(face.roll) > LEVEL:
            picture = picture.turned(face.roll, face.middle)
            face = self._middle_face(picture) or face
        vector = self._encoder.vector(pixels_of(picture), face)
        return Description(self.name, vector.astype("<f4").tobytes())

    def _middle_face(self, picture: Photo) -> Detection | None:
        """The face that fills most of the middle."""
        size = picture.size
        middle = Rectangle(size.width // 4, size.height // 4, size.width // 2, size.height // 2)

        def share(face: Detection) -> int:
            return face.rectangle(size).overlap(middle)

        return max(filter(share, self._detector.faces(picture)), key=share, default=None)


def _with_border(photo: Photo) -> Photo:
    edges = ((BORDER, BORDER), (BORDER, BORDER), (0, 0))
    pixels = np.pad(pixels_of(photo), edges, mode="edge")
    return Photo.of_rgb(Size(pixels.shape[1], pixels.shape[0]), pixels.tobytes())
