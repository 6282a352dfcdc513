"""Photos of the cast: a place behind them, and what a camera does to light."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .camera import Camera
from .cast import CAST, Person, Shot, photographed, shots
from .makehuman import MakeHuman
from .mesh import Floats, linear

WIDTH, HEIGHT = 360, 440
CUT = 30
"""Pixels at the lower edge that are cut off: there, skin would show through the shirts."""

DECIMETRE = 95
"""Pixels; a face is about 1.4 decimetres wide."""

ALONE = 4
"""Photos of each person alone."""

TOGETHER = (("anna", "ben", "daisuke"), ("frank", "chiara", "elif"))
"""Who is in one photo with whom."""

STEP = 250
"""Pixels between the middles of people who stand side by side."""

LOOKS_LIKE_ANOTHER = ("elif", "chiara", 0.6)
"""One picture in which one of them looks half like another: whom a group might take in by mistake."""

PLACES = (
    ("#9fb4c4", "#e8e4da", "#6f8a7c"),
    ("#c9b79c", "#efe6d8", "#8a6a52"),
    ("#7f9a86", "#cfe0cf", "#46604f"),
    ("#aab0bb", "#dfe5ec", "#5d6b80"),
    ("#d3c3b8", "#f4ece4", "#a07f74"),
)
"""Colours of what is out of focus: a wall, a window, furniture."""


@dataclass(frozen=True)
class Picture:
    """One photo of the album."""

    names: tuple[str, ...]
    """Who is in it, from left to right."""
    take: Callable[[MakeHuman, int], Image.Image]
    odd: bool = False
    """Whether somebody looks like another here."""


def album() -> list[Picture]:
    """All photos, in an order that tells nothing."""
    pictures = [portrait(name, at) for name in CAST for at in range(ALONE)]
    pictures += [Picture(names, partial(together, names)) for names in TOGETHER]
    name, other, part = LOOKS_LIKE_ANOTHER
    odd = CAST[name].like(CAST[other], part)
    pictures.append(Picture((name,), partial(alone, odd, shots("odd", 1)[0], "odd"), odd=True))
    random.Random("order").shuffle(pictures)
    return pictures


def portrait(name: str, at: int) -> Picture:
    """Somebody's photo of that number."""
    return Picture((name,), partial(alone, CAST[name], shots(name, ALONE)[at], f"{name}{at}"))


def draw(packages: MakeHuman, folder: Path, finer: int = 1) -> None:
    """Write them all; they are calculated `finer` times as large, which smooths hair and takes its square."""
    for number, picture in enumerate(album(), start=1):
        taken = picture.take(packages, finer)
        taken.save(folder / f"team-{number:02}.jpg", quality=84, optimize=True)


def alone(person: Person, shot: Shot, seed: str, packages: MakeHuman, finer: int) -> Image.Image:
    """One person."""
    chance = random.Random(seed)
    camera = Camera(WIDTH * finer, HEIGHT * finer, DECIMETRE * finer * chance.uniform(0.9, 1.1))
    return developed(photographed(packages, person, shot, camera), WIDTH, HEIGHT, chance)


def together(names: tuple[str, ...], packages: MakeHuman, finer: int) -> Image.Image:
    """Several side by side, the middle one in front."""
    chance = random.Random("".join(names))
    width, step = STEP * (len(names) + 1) - 120, STEP * finer
    layers = {}
    for at, name in enumerate(names):
        camera = Camera(2 * step, HEIGHT * finer, DECIMETRE * 0.95 * finer)
        shot = shots(name, ALONE + 1)[-1]
        layers[at] = photographed(packages, CAST[name], shot, camera)
    picture = np.zeros((HEIGHT * finer, width * finer, 4))
    for at in sorted(layers, key=lambda at: -abs(at - len(names) // 2)):
        left = (width * finer - step * (len(names) + 1)) // 2 + at * step
        put(picture, layers[at], left)
    return developed(picture, width, HEIGHT, chance)


def put(picture: Floats, layer: Floats, left: int) -> None:
    """Lay one over the other."""
    begin, end = max(left, 0), min(left + layer.shape[1], picture.shape[1])
    over = layer[:, begin - left : end - left]
    picture[:, begin:end] = over + picture[:, begin:end] * (1 - over[:, :, 3:])


def developed(light: Floats, width: int, height: int, chance: random.Random) -> Image.Image:
    """What is in focus before what is not, with a camera's exposure, grain and softness."""
    behind = linear(np.asarray(place(width, height, chance).resize(light.shape[1::-1])))
    seen = light[:, :, :3] + behind * (1 - light[:, :, 3:])
    seen *= chance.uniform(0.9, 1.2)
    bent = seen / (1 + 0.25 * seen) * 1.2
    pixels = (bent.clip(0, 1) ** (1 / 2.2) * 255).round().astype(np.uint8)
    small = Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS)
    grain = np.random.default_rng(chance.randrange(2**32)).normal(0, 2.2, (height, width, 1))
    grainy = (np.asarray(small) + grain).round().clip(0, 255).astype(np.uint8)
    return Image.fromarray(grainy[: height - CUT])


def place(width: int, height: int, chance: random.Random) -> Image.Image:
    """A room, out of focus."""
    wall, window, furniture = chance.choice(PLACES)
    picture = Image.new("RGB", (width, height), wall)
    draw = ImageDraw.Draw(picture)
    for _ in range(2 + width // 300):
        left, top = chance.randrange(-60, width), chance.randrange(-40, height // 3)
        draw.rectangle(
            (left, top, left + chance.randrange(70, 170), top + chance.randrange(120, 260)), window
        )
    for _ in range(2 + width // 200):
        left, top = chance.randrange(-80, width), chance.randrange(height // 2, height)
        draw.rectangle((left, top, left + chance.randrange(60, 220), height), furniture)
    return picture.filter(ImageFilter.GaussianBlur(chance.uniform(12, 22)))
