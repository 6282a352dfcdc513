"""dlib's five landmarks and its ResNet: the door to dlib, which no other file imports.

It holds the interpreter's lock while it works, and so is for a process of its own.
"""

from pathlib import Path

import dlib
import numpy as np

from tagbot.recognition.detection import Detection, Pixels
from tagbot.recognition.encoder import Vector
from tagbot.recognition.model_files import LANDMARKS, RESNET, where


class DlibEncoder:
    """Loaded; that takes a third of a second."""

    name = RESNET.name
    length = 128

    def __init__(self, models: Path | None) -> None:
        landmarks, network = (str(where(model, models)) for model in (LANDMARKS, RESNET))
        self._landmarks = dlib.shape_predictor(landmarks)
        self._network = dlib.face_recognition_model_v1(network)

    def vector(self, pixels: Pixels, face: Detection) -> Vector:
        """The landmarks were learned in the boxes of dlib's own detector, of which `Detection.square` has the
        place.
        """
        left, top, side = face.square
        edges = (left, top, left + side - 1, top + side - 1)  # the last pixels inside
        landmarks = self._landmarks(pixels, dlib.rectangle(*map(round, edges)))
        return np.asarray(self._network.compute_face_descriptor(pixels, landmarks), np.float32)
