"""A camera and three lamps: meshes become a picture, with shadows, hair by hair."""

from dataclasses import dataclass

import numpy as np

from .mesh import Floats, Mesh, Numbers, blended, unit

LAYERS = 24
"""How many hairs one behind the other are looked through."""

SHADOW_SIDE = 900
"""Pixels of the picture that the key lamp sees."""


@dataclass(frozen=True)
class Light:
    """What shines on somebody. Colours are linear."""

    key: tuple[float, float, float] = (-0.5, 0.55, 0.8)
    """Where the lamp that throws shadows is."""
    key_colour: tuple[float, float, float] = (1.0, 0.95, 0.88)
    fill_colour: tuple[float, float, float] = (0.42, 0.45, 0.5)
    """From above and all around."""
    ground_colour: tuple[float, float, float] = (0.2, 0.17, 0.15)


@dataclass(frozen=True)
class Fragments:
    """Where triangles cover pixels."""

    pixel: Numbers
    depth: Floats
    triangle: Numbers
    weights: Floats
    """n × 3, of the triangle's corners."""


def rasterised(points: Floats, triangles: Numbers, width: int, height: int) -> Fragments:
    """Every pixel of every triangle; `points` are x and y in pixels, and 1 / distance."""
    corners = points[triangles]
    low = np.floor(corners[:, :, :2].min(axis=1)).astype(int).clip(0, [width, height])
    high = np.ceil(corners[:, :, :2].max(axis=1)).astype(int).clip(0, [width, height])
    sizes = high - low
    counts = sizes.prod(axis=1)
    which = np.repeat(np.arange(len(triangles)), counts)
    nth = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    x = low[which, 0] + nth % np.maximum(sizes[which, 0], 1)
    y = low[which, 1] + nth // np.maximum(sizes[which, 0], 1)
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (corners[which, corner].T for corner in range(3))
    px, py = x + 0.5, y + 0.5
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    area = np.where(np.abs(area) < 1e-9, np.inf, area)
    b = ((px - ax) * (cy - ay) - (cx - ax) * (py - ay)) / area
    c = ((bx - ax) * (py - ay) - (px - ax) * (by - ay)) / area
    weights = np.stack([1 - b - c, b, c], axis=1)
    inside = (weights >= -1e-6).all(axis=1)
    near = weights * np.stack([az, bz, cz], axis=1)
    depth = near.sum(axis=1)
    weights = near / np.where(depth == 0, 1, depth)[:, None]
    return Fragments((y * width + x)[inside], depth[inside], which[inside], weights[inside])


def nearest(fragments: Fragments, pixels: int) -> tuple[Floats, Numbers]:
    """For each pixel the largest 1 / distance, and which fragment has it (-1: none)."""
    depth = np.zeros(pixels)
    np.maximum.at(depth, fragments.pixel, fragments.depth)
    chosen = np.full(pixels, -1)
    first = np.flatnonzero(fragments.depth >= depth[fragments.pixel])
    chosen[fragments.pixel[first]] = first
    return depth, chosen


class Camera:
    """Looks at people from the front, `distance` decimetres away; they turn, it does not."""

    def __init__(self, width: int, height: int, pixels: float, distance: float = 13.0) -> None:
        self.width, self.height = width, height
        self._pixels = pixels
        self._distance = distance

    def picture(self, meshes: list[Mesh], light: Light) -> Floats:
        """Height × width × 4, linear and multiplied by how opaque it is."""
        shadows = Shadows(meshes, light)
        count = self.width * self.height
        colour, depth = np.zeros((count, 4)), np.zeros(count)
        for mesh in (each for each in meshes if not each.see_through):
            fragments, shaded = self._shaded(mesh, light, shadows)
            near, chosen = nearest(fragments, count)
            front = (chosen >= 0) & (near > depth)
            colour[front] = shaded[chosen[front]]
            depth[front] = near[front]
        hair = [self._shaded(each, light, shadows) for each in meshes if each.see_through]
        self._lay_over(colour, depth, hair)
        return colour.reshape(self.height, self.width, 4)

    def _shaded(self, mesh: Mesh, light: Light, shadows: "Shadows") -> tuple[Fragments, Floats]:
        away = self._distance - mesh.vertices[:, 2]
        points = np.stack(
            [
                self.width / 2 + mesh.vertices[:, 0] / away * self._distance * self._pixels,
                self.height / 2 - mesh.vertices[:, 1] / away * self._distance * self._pixels,
                1 / away,
            ],
            axis=1,
        )
        fragments = rasterised(points, mesh.triangles, self.width, self.height)
        corners = mesh.triangles[fragments.triangle]
        where = blended(mesh.vertices[corners], fragments.weights)
        normals = unit(blended(mesh.normals()[corners], fragments.weights))
        towards = unit(np.array([0, 0, self._distance]) - where)
        if mesh.see_through:
            normals = np.where((normals * towards).sum(axis=1, keepdims=True) < 0, -normals, normals)
        places = blended(mesh.uvs[mesh.uv_triangles[fragments.triangle]], fragments.weights)
        texels = looked_up(mesh.texture, places)
        lit = shaded(texels[:, :3], normals, towards, light, shadows.at(where), mesh.gloss)
        opaque = texels[:, 3:] if mesh.see_through else np.ones((len(lit), 1))
        return fragments, np.hstack([lit * opaque, opaque])

    def _lay_over(self, colour: Floats, depth: Floats, hair: list[tuple[Fragments, Floats]]) -> None:
        """Blend what is seen through, from behind to the front."""
        if not hair:
            return
        pixel = np.concatenate([each.pixel for each, _ in hair])
        near = np.concatenate([each.depth for each, _ in hair])
        shade = np.concatenate([each for _, each in hair])
        kept = np.flatnonzero((near > depth[pixel] - 0.0002) & (shade[:, 3] > 0.02))
        order = kept[np.lexsort((near[kept], pixel[kept]))]
        pixel, shade = pixel[order], shade[order]
        starts = np.flatnonzero(np.r_[True, pixel[1:] != pixel[:-1]])
        counts = np.diff(np.r_[starts, len(pixel)])
        behind = np.repeat(counts, counts) - (np.arange(len(pixel)) - np.repeat(starts, counts))
        for layer in range(LAYERS, 0, -1):
            here = behind == layer
            at, over = pixel[here], shade[here]
            colour[at] = over + colour[at] * (1 - over[:, 3:])


class Shadows:
    """What the key lamp sees."""

    def __init__(self, meshes: list[Mesh], light: Light) -> None:
        towards = unit(np.array(light.key))
        right = unit(np.cross([0, 1, 0], towards))
        self._axes = np.stack([right, np.cross(towards, right), towards])
        self._scale = SHADOW_SIDE / 9.0
        self._seen = np.full(SHADOW_SIDE * SHADOW_SIDE, -np.inf)
        for mesh in meshes:
            points = self._points(mesh.vertices)
            points[:, 2] += 100  # 1 / distance must grow towards the lamp, and be above nothing
            fragments = rasterised(points, mesh.triangles, SHADOW_SIDE, SHADOW_SIDE)
            kept = np.ones(len(fragments.pixel), bool)
            if mesh.see_through:
                flat = mesh.uvs[mesh.uv_triangles[fragments.triangle]]
                kept = looked_up(mesh.texture, blended(flat, fragments.weights))[:, 3] > 0.5
            np.maximum.at(self._seen, fragments.pixel[kept], fragments.depth[kept] - 100)

    def _points(self, places: Floats) -> Floats:
        turned = places @ self._axes.T
        turned[:, :2] = turned[:, :2] * self._scale + SHADOW_SIDE / 2
        return turned

    def at(self, places: Floats) -> Floats:
        """How much of the lamp reaches each place, 0 to 1; edges are soft."""
        points = self._points(places)
        lit = np.zeros(len(points))
        steps = (-3, -1, 1, 3)
        for dx in steps:
            for dy in steps:
                x = (points[:, 0] + dx).astype(int).clip(0, SHADOW_SIDE - 1)
                y = (points[:, 1] + dy).astype(int).clip(0, SHADOW_SIDE - 1)
                lit += points[:, 2] + 0.09 >= self._seen[y * SHADOW_SIDE + x]
        return lit / len(steps) ** 2


def shaded(
    colour: Floats, normals: Floats, towards: Floats, light: Light, lit: Floats, gloss: float
) -> Floats:
    """Light that leaves a surface: skin lets some in beyond the shadow's edge, and more of the red."""
    key = unit(np.array(light.key))
    facing = (normals @ key)[:, None]
    soft = np.array([0.28, 0.16, 0.12])
    diffuse = ((facing + soft) / (1 + soft)).clip(0) * (0.1 * soft / 0.28 + (1 - 0.1) * lit[:, None])
    sky = 0.5 + 0.5 * normals[:, 1:2]
    around = sky * np.array(light.fill_colour) + (1 - sky) * np.array(light.ground_colour)
    half = unit(key + towards)
    shine = ((normals * half).sum(axis=1).clip(0) ** (18 + 60 * gloss) * lit * gloss)[:, None]
    edge = (1 - (normals * towards).sum(axis=1, keepdims=True).clip(0)) ** 4
    leaving: Floats = (
        colour * (diffuse * np.array(light.key_colour) + around)
        + shine * np.array(light.key_colour)
        + edge * gloss * 0.4 * np.array(light.fill_colour)
    )
    return leaving


def looked_up(texture: Floats, places: Floats) -> Floats:
    """A picture's colours, between its pixels."""
    height, width = texture.shape[:2]
    x = places[:, 0] % 1 * width - 0.5
    y = (1 - places[:, 1] % 1) * height - 0.5
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    across, down = (x - left)[:, None], (y - top)[:, None]
    x0, x1 = left.clip(0, width - 1), (left + 1).clip(0, width - 1)
    y0, y1 = top.clip(0, height - 1), (top + 1).clip(0, height - 1)
    upper = texture[y0, x0] * (1 - across) + texture[y0, x1] * across
    lower = texture[y1, x0] * (1 - across) + texture[y1, x1] * across
    mixed: Floats = upper * (1 - down) + lower * down
    return mixed
