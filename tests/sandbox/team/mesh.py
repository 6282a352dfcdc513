"""Surfaces: what a camera can look at."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Mesh:
    """Triangles with a picture on them."""

    vertices: Floats
    """n × 3, in decimetres; y goes up, and people look along z."""
    triangles: Numbers
    """m × 3, of vertices."""
    uvs: Floats
    """Places in the picture, 0 to 1 from its lower left corner."""
    uv_triangles: Numbers
    """m × 3, of `uvs`."""
    texture: Floats
    """Height × width × 4: linear light, and how opaque it is."""
    gloss: float = 0.1
    see_through: bool = False
    """Whether what lies behind may be seen, as through hair."""

    def moved(self, vertices: Floats) -> "Mesh":
        """The same surface elsewhere."""
        return replace(self, vertices=vertices)

    def normals(self) -> Floats:
        """Of each vertex: the mean of its triangles', weighted by their areas."""
        a, b, c = (self.vertices[self.triangles[:, corner]] for corner in range(3))
        across = np.cross(b - a, c - a)
        normals = np.zeros_like(self.vertices)
        for corner in range(3):
            np.add.at(normals, self.triangles[:, corner], across)
        return unit(normals)


def blended(corners: Floats, weights: Floats) -> Floats:
    """What three corners have, within their triangle."""
    mixed: Floats = (corners * weights[:, :, None]).sum(axis=1)
    return mixed


def unit(vectors: Floats) -> Floats:
    """Each of length 1."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    shortened: Floats = vectors / np.maximum(lengths, 1e-9)
    return shortened


def linear(picture: NDArray[np.uint8]) -> Floats:
    """Light as it adds up, from the 8 bits of a picture."""
    light: Floats = (picture / 255.0) ** 2.2
    return light
