"""Photos that may be given away, with faces at known places: scenes and a portrait that scikit-image brings
along. They show one person, so their figures only tell one detector's working from another's.
"""

import io
import random
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageEnhance, ImageFilter

from tagbot.photos.rectangle import Rectangle
from tests.curves.marks import Mark, MarkedPhoto
from tests.world import photographs

PORTRAIT = "astronaut.png"

HEAD = Rectangle(110, 0, 240, 250)
"""What is pasted of the portrait."""

FACE = Rectangle(183, 65, 84, 120)
"""Where the face is in the portrait."""

SCENES = ("coffee.png", "chelsea.png", "rocket.jpg")

SIZE = (1600, 1200)

SIDES = (14, 20, 30, 36, 50, 70, 100, 160, 260)
"""Widths of the faces, in pixels: each photo has one of each."""


def composed_photos(folder: Path, count: int) -> Iterator[MarkedPhoto]:
    """Write so many photos into the folder, no two alike; the same at every run."""
    chance = random.Random(19)
    portrait = _picture(PORTRAIT)
    for number in range(count):
        photo = _picture(SCENES[number % len(SCENES)]).resize(SIZE)
        marks: list[Mark] = []
        for width in reversed(SIDES):
            head, face = _seen(portrait, width / FACE.width, chance)
            if (place := _free_place(head.size, marks, chance)) is not None:
                photo.paste(head, place)
                left, top = place[0] + face.left, place[1] + face.top
                marks.append(Mark(Rectangle(left, top, face.width, face.height)))
        path = folder / f"{number:03d}.jpg"
        photo.save(path, quality=90)
        yield MarkedPhoto(path, marks)


def _seen(portrait: Image.Image, factor: float, chance: random.Random) -> tuple[Image.Image, Rectangle]:
    """The head in that size, now lighter, now darker, now mirrored, now a little blurred; and its face."""
    head = portrait.crop((HEAD.left, HEAD.top, HEAD.right, HEAD.bottom))
    head = head.resize((round(HEAD.width * factor), round(HEAD.height * factor)), Image.Resampling.LANCZOS)
    left = FACE.left - HEAD.left
    if chance.random() < 0.5:
        head = head.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        left = HEAD.right - FACE.right
    if chance.random() < 0.3:
        head = head.filter(ImageFilter.GaussianBlur(head.width / 80))
    head = ImageEnhance.Brightness(head).enhance(chance.uniform(0.3, 1.2))
    sides = (left, FACE.top - HEAD.top, FACE.width, FACE.height)
    return head, Rectangle(*(round(side * factor) for side in sides))


def _free_place(size: tuple[int, int], marks: list[Mark], chance: random.Random) -> tuple[int, int] | None:
    """Where a head covers no face; None where a hundred tries found no such place."""
    for _ in range(100):
        left, top = chance.randint(0, SIZE[0] - size[0]), chance.randint(0, SIZE[1] - size[1])
        head = Rectangle(left, top, *size)
        if not any(head.overlap(mark.place) for mark in marks):
            return left, top
    return None


def _picture(name: str) -> Image.Image:
    return Image.open(io.BytesIO((photographs() / name).read_bytes())).convert("RGB")
