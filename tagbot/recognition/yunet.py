"""YuNet: the better detector, used where its file is in the folder of models.

The network is that of https://github.com/ShiqiYu/libfacedetection.train (Apache-2.0), in its smallest size.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tagbot.recognition.detection import Finds, Fit, Pixels
from tagbot.recognition.onnx_network import OnnxNetwork

STRIDES = (8, 16, 32)
"""Pixels of a spot: the network looks for small, middle and large faces in grids of their own."""

SCORE_FLOOR = 0.7
"""The least score of a face: in 90 photos with 611 faces, 5 false ones have it, mostly dogs."""


class YuNet:
    """Loaded."""

    name = "YuNet"
    looks = (900_000, 77_000)
    """As of CenterFace. On 105 photos 96 % of the faces from 40 pixels on are found so, and 12 false ones."""

    fit = Fit(side=0.969, down=-0.020)
    """Measured beside dlib's detector on 390 portraits."""

    def __init__(self, file: Path) -> None:
        self._network = OnnxNetwork(file.read_bytes())

    def find(self, pixels: Pixels) -> Finds:
        """The sides of the picture are multiples of 32."""
        picture = np.ascontiguousarray(pixels.transpose(2, 0, 1)[np.newaxis, ::-1], np.float32)  # BGR
        outputs = self._network.outputs_of(picture)
        return np.concatenate([_of_one_grid(outputs, stride, pixels.shape[1]) for stride in STRIDES])


def _of_one_grid(outputs: Mapping[str, NDArray[np.float32]], stride: int, width: int) -> Finds:
    is_face, is_object, boxes, points = (
        outputs[f"{what}_{stride}"][0] for what in ("cls", "obj", "bbox", "kps")
    )
    score = np.sqrt(is_face[:, 0] * is_object[:, 0])
    spot = np.nonzero(score >= SCORE_FLOOR)[0]
    place = np.column_stack([spot % (width // stride), spot // (width // stride)])
    middle = (place + boxes[spot, :2]) * stride
    size = np.exp(boxes[spot, 2:]) * stride
    places = (points[spot].reshape(-1, 5, 2) + place[:, np.newaxis]) * stride
    finds = np.column_stack([middle - size / 2, size, score[spot], places.reshape(-1, 10)])
    return finds.astype(np.float32)
