"""Finding and describing faces with dlib. The only importer of dlib.

Imported only in the processes of a pool: dlib holds the interpreter's lock while it works.
"""

from dataclasses import dataclass
from typing import Any

import dlib
import numpy as np
from numpy.typing import NDArray

from tagbot.errors import Reject
from tagbot.photos.decoding import read_photo
from tagbot.photos.picture_refused import PictureRefused
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.recognition.model_files import LANDMARKS, RESNET, where
from tagbot.training.backend import Refused
from tagbot.vocabulary import RejectionReason

Pixels = NDArray[np.uint8]
"""Height × width × 3, RGB."""

SCORE_FLOOR = 0.4
"""The least score of dlib's detector: the one false face seen in a portrait had 0.12, the real one 1.5."""

WEAK_SCORE_FLOOR = -0.7
"""From here on something is like a face: enough to tell a blurred face from none. Blurred with a radius of
6 pixels, an 87-pixel face still has -0.6."""

UPSAMPLED_PIXELS = 4_000_000
"""Up to this size a picture is doubled first, which finds faces of 40 instead of 80 pixels. It takes 1.3 s
and 280 MB then; 25 megapixels, not doubled, take 1.9 s and 430 MB."""

CROP_LOOKS = (300, 400, 250)
"""Pixels of a crop's shorter side at which a face is looked for, until one is found. It fills about half of
that, and the detector knows faces from 80; of 160 to 600, 250 to 400 gave the best scores."""

CROP_BORDER = 0.25
"""Of a crop's shorter side: how far its edges are drawn out before looking. Outside the picture dlib sees
black, and a black border looks sharp even beside a blurred face."""

CHIP_SIDE = 150
"""Pixels of dlib's aligned face; the encoder wants this size."""

SHARPNESS_FLOOR = 4.4
"""Variance of the Laplacian on the aligned face. An 87-pixel face has 260; blurred with a radius of 2.5
pixels 4.9, its vector 0.44 away from the sharp one's; with 3 pixels 3.9 and 0.49. From 0.6 on it would be
somebody else."""


@dataclass(frozen=True, slots=True)
class Found:
    """A face."""

    pixels: Pixels
    """The picture that it was found in."""
    box: Any
    """dlib's rectangle there, which may reach beyond the picture."""
    score: float


class Recogniser:
    """dlib's face detector, its 5-point landmarks and its ResNet, loaded; that takes half a second."""

    def __init__(self) -> None:
        landmarks, encoder = (str(where(model, None)) for model in (LANDMARKS, RESNET))
        self._detector = dlib.get_frontal_face_detector()
        self._landmarks = dlib.shape_predictor(landmarks)
        self._encoder = dlib.face_recognition_model_v1(encoder)

    def version(self) -> str:
        """Of the library."""
        return f"dlib {dlib.__version__}"

    def detect(self, picture: bytes) -> list[Rectangle]:
        """The faces in a JPEG, largest first; raises `Reject` for what is no picture."""
        try:
            photo = read_photo(picture)
        except PictureRefused as why:
            raise Reject(why.reason) from why
        return self.find(photo)

    def find(self, photo: Photo) -> list[Rectangle]:
        """The same for one that is decoded."""
        doublings = 1 if photo.size.width * photo.size.height <= UPSAMPLED_PIXELS else 0
        found = self._faces(_pixels(photo), doublings, SCORE_FLOOR)
        rectangles = [_clipped(face.box, photo.size) for face in found]
        return sorted(rectangles, key=lambda face: (-face.width * face.height, face.top, face.left))

    def describe(self, crop: bytes) -> bytes | Refused:
        """The vector of the one face in a crop: 128 little-endian 32-bit floats."""
        try:
            photo = read_photo(crop)
        except PictureRefused:
            return Refused(RejectionReason.NOT_AN_IMAGE)
        face = self._face_in(photo)
        if face is None:
            return Refused(RejectionReason.NO_FACE)
        landmarks = self._landmarks(face.pixels, face.box)
        if _sharpness(dlib.get_face_chip(face.pixels, landmarks, size=CHIP_SIDE)) < SHARPNESS_FLOOR:
            return Refused(RejectionReason.TOO_BLURRED)
        if face.score < SCORE_FLOOR:
            return Refused(RejectionReason.NO_FACE)
        vector = self._encoder.compute_face_descriptor(face.pixels, landmarks)
        return np.asarray(vector, dtype="<f4").tobytes()

    def _faces(self, pixels: Pixels, doublings: int, floor: float) -> list[Found]:
        boxes, scores, _ = self._detector.run(pixels, doublings, floor)
        return [Found(pixels, box, score) for box, score in zip(boxes, scores, strict=True)]

    def _face_in(self, crop: Photo) -> Found | None:
        """The face at the first look that shows a good one, else the best of the weak ones."""
        weak = []
        for side in CROP_LOOKS:
            border = round(side * CROP_BORDER)
            pixels = _pixels(crop.scaled(side / min(crop.size)))
            pixels = np.pad(pixels, ((border, border), (border, border), (0, 0)), mode="edge")
            face = self._middle_face(pixels)
            if face is not None and face.score >= SCORE_FLOOR:
                return face
            weak += [face] if face is not None else []
        return max(weak, key=lambda face: face.score, default=None)

    def _middle_face(self, pixels: Pixels) -> Found | None:
        """The face that fills most of the middle of a crop, of the good ones if there are any."""
        height, width, _ = pixels.shape
        middle = Rectangle(width // 4, height // 4, width // 2, height // 2)

        def rank(face: Found) -> tuple[bool, int]:
            return face.score >= SCORE_FLOOR, _clipped(face.box, Size(width, height)).overlap(middle)

        found = [face for face in self._faces(pixels, 0, WEAK_SCORE_FLOOR) if rank(face)[1]]
        return max(found, key=rank, default=None)


def _pixels(photo: Photo) -> Pixels:
    return np.frombuffer(photo.rgb(), np.uint8).reshape(photo.size.height, photo.size.width, 3)


def _sharpness(chip: Pixels) -> float:
    """The variance of the Laplacian: how much neighbouring pixels differ."""
    grey = chip.mean(axis=2)
    middle = grey[1:-1, 1:-1]
    edges = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
    return float(edges.var())


def _clipped(box: Any, size: Size) -> Rectangle:
    """A rectangle of dlib's within a picture of that size."""
    return Rectangle.between(
        max(box.left(), 0),
        max(box.top(), 0),
        min(box.right() + 1, size.width),
        min(box.bottom() + 1, size.height),
    )
