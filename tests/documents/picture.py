"""`make pictures`: a request as Slack shows it, drawn from the very blocks that the bot posts.

The photograph is NASA's portrait of Eileen Collins, in the public domain, from scikit-image's data. The font
is the one that comes with Pillow, so that the picture needs nothing of the machine it is drawn on.
"""

import hashlib
import importlib.util
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from tagbot.photos.context_picture import context_picture
from tagbot.photos.cropping import crop_face
from tagbot.photos.decoding import read_photo
from tagbot.photos.rectangle import Rectangle
from tagbot.slack.request_message import RequestShown, request_message
from tests.source import ROOT

Block = dict[str, Any]

REQUEST = ROOT / "docs/pictures/request.png"
DRAWN_FROM = "drawn-from"
"""The PNG's text in which the digest of the blocks stands."""

FACE = Rectangle(175, 76, 91, 91)
"""Where the recogniser finds the face in the photograph."""
MEMBERS = {"U0MAE": "Mae"}
CROP, CONTEXT = "F0CROP", "F0CONTEXT"

SHOWN = request_message(
    RequestShown(
        face_id="3f0c1d52-7a4e-5b1c-9f26-d0b8e4a1c957",
        round=1,
        state="open",
        crop_file=CROP,
        context_file=CONTEXT,
        required_votes=2,
        taggers=list(MEMBERS),
    )
)

# Sizes are Slack's, in its own pixels; the picture has SCALE of ours for each, for sharp screens.
SCALE = 2
WIDTH, MARGIN, AVATAR, GAP = 660, 20, 36, 8
LEFT = MARGIN + AVATAR + GAP
IMAGE_SIDE = 360
TALLEST = 2000
INK, GREY, LINE, WHITE = "#1d1c1d", "#616061", "#c9c8c9", "#ffffff"
BADGE, LINK, LINK_GROUND, GREEN, RED = "#e8e8e8", "#1264a3", "#e3f0f9", "#007a5a", "#e01e5a"
ACCENT = "#1d4e6b"


@dataclass(frozen=True)
class Style:
    """How a run of text looks."""

    size: float = 15
    colour: str = INK
    bold: bool = False
    ground: str | None = None


NAME, TIME, SMALL = Style(bold=True), Style(12, GREY), Style(13, GREY)


class Sheet:
    """White paper that is written on from top to bottom; lengths are Slack's pixels."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (WIDTH * SCALE, TALLEST * SCALE), WHITE)
        self.draw = ImageDraw.Draw(self.image)
        self.y: float = MARGIN

    def text(self, x: float, y: float, text: str, style: Style) -> float:
        """Write one line, centred at height `y`; gives where it ends."""
        font = ImageFont.load_default(style.size * SCALE)
        stroke = 0.3 * SCALE if style.bold else 0
        end = x + font.getlength(text) / SCALE
        if style.ground:
            self.box(x - 2, y - style.size * 0.65, end + 2, y + style.size * 0.65, 3, style.ground)
        at = (x * SCALE, y * SCALE)
        self.draw.text(at, text, style.colour, font, anchor="lm", stroke_width=stroke)
        return end

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        radius: float,
        fill: str,
        outline: str | None = None,
    ) -> None:
        """A rectangle with round corners."""
        edges = [each * SCALE for each in (left, top, right, bottom)]
        self.draw.rounded_rectangle(edges, radius * SCALE, fill, outline, width=SCALE)

    def paste(self, picture: Image.Image, x: float, y: float, width: float, height: float) -> None:
        """A picture with round corners."""
        size = (round(width * SCALE), round(height * SCALE))
        mask = Image.new("L", size)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), 8 * SCALE, 255)
        self.image.paste(
            picture.resize(size, Image.Resampling.LANCZOS), (round(x * SCALE), round(y * SCALE)), mask
        )

    def finished(self) -> Image.Image:
        """What was written on, in a thin frame."""
        bottom = self.y + MARGIN - GAP
        self.draw.rounded_rectangle(
            (1, 1, WIDTH * SCALE - 2, bottom * SCALE - 2), 12 * SCALE, outline=LINE, width=SCALE
        )
        return self.image.crop((0, 0, WIDTH * SCALE, round(bottom * SCALE)))


def draw() -> Image.Image:
    """The whole message."""
    sheet = Sheet()
    _head(sheet)
    for block in SHOWN.blocks:
        DRAWN[block["type"]](sheet, block)
        sheet.y += GAP
    return sheet.finished()


def _head(sheet: Sheet) -> None:
    sheet.box(MARGIN, sheet.y, MARGIN + AVATAR, sheet.y + AVATAR, 8, ACCENT)
    middle = MARGIN + AVATAR / 2
    sheet.draw.circle((middle * SCALE, (sheet.y + 14) * SCALE), 6 * SCALE, WHITE)
    shoulders = [each * SCALE for each in (middle - 11, sheet.y + 22, middle + 11, sheet.y + 44)]
    sheet.draw.pieslice(shoulders, 180, 360, WHITE)
    end = sheet.text(LEFT, sheet.y + 9, "FaceTag", NAME)
    sheet.box(end + 6, sheet.y + 2, end + 36, sheet.y + 16, 3, BADGE)
    sheet.text(end + 10, sheet.y + 9.5, "APP", Style(10, GREY, bold=True))
    sheet.text(end + 44, sheet.y + 9.5, "9:41 AM", TIME)
    sheet.y += 22


def _section(sheet: Sheet, block: Block) -> None:
    _write(sheet, block["text"]["text"], Style(), 22)


def _context(sheet: Sheet, block: Block) -> None:
    _write(sheet, " ".join(element["text"] for element in block["elements"]), SMALL, 18)


def _write(sheet: Sheet, text: str, style: Style, height: float) -> None:
    """Text in Slack's mrkdwn, broken into lines."""
    x, space = float(LEFT), style.size * 0.25
    for word, look in _words(text, style):
        length = ImageFont.load_default(style.size * SCALE).getlength(word) / SCALE
        if x > LEFT and x + length > WIDTH - MARGIN:
            x, sheet.y = LEFT, sheet.y + height
        x = sheet.text(x + (2 if look.ground else 0), sheet.y + height / 2, word, look) + (
            2 if look.ground else space
        )
    sheet.y += height


def _words(text: str, style: Style) -> Iterator[tuple[str, Style]]:
    for run in re.split(r"(\*[^*]+\*|<@\w+>)", text):
        if run.startswith("<@"):
            yield f"@{MEMBERS[run[2:-1]]}", Style(style.size, LINK, ground=LINK_GROUND)
        else:
            bold = run.startswith("*")
            for word in run.strip("*").split():
                yield word, Style(style.size, style.colour, bold=bold)


def _image(sheet: Sheet, block: Block) -> None:
    picture = Image.open(BytesIO(uploaded()[block["slack_file"]["id"]]))
    factor = min(1.0, IMAGE_SIDE / max(picture.size))
    width, height = (side * factor for side in picture.size)
    sheet.paste(picture, LEFT, sheet.y, width, height)
    sheet.y += height


def _actions(sheet: Sheet, block: Block) -> None:
    x = float(LEFT)
    for element in block["elements"]:
        label, colours, width = _control(element)
        if x > LEFT and x + width > WIDTH - MARGIN:
            x, sheet.y = LEFT, sheet.y + 36 + GAP
        sheet.box(x, sheet.y, x + width, sheet.y + 36, 4, colours[1], colours[2])
        style = Style(colour=colours[0], bold=element["type"] == "button")
        sheet.text(x + 12, sheet.y + 18, label, style)
        if element["type"] != "button":
            _chevron(sheet, x + width - 18, sheet.y + 18)
        x += width + GAP
    sheet.y += 36


def _control(element: Block) -> tuple[str, Sequence[str], float]:
    """What a control says; its colours of text, ground and edge; its width."""
    label: str = (element.get("text") or element["placeholder"])["text"]
    length = ImageFont.load_default(15 * SCALE).getlength(label) / SCALE
    if element["type"] != "button":
        return label, (GREY, WHITE, LINE), max(220.0, length + 48)
    return label, BUTTONS[element.get("style", "")], length + 24


BUTTONS = {"": (INK, WHITE, LINE), "primary": (WHITE, GREEN, GREEN), "danger": (RED, WHITE, RED)}


def _chevron(sheet: Sheet, x: float, y: float) -> None:
    points = [(each * SCALE, height * SCALE) for each, height in ((x - 4, y - 2), (x, y + 2), (x + 4, y - 2))]
    sheet.draw.line(points, GREY, width=SCALE + 1, joint="curve")


def _divider(sheet: Sheet, _: Block) -> None:
    sheet.draw.line((LEFT * SCALE, sheet.y * SCALE, (WIDTH - MARGIN) * SCALE, sheet.y * SCALE), LINE, SCALE)


DRAWN: Mapping[str, Callable[[Sheet, Block], None]] = {
    "actions": _actions,
    "context": _context,
    "divider": _divider,
    "image": _image,
    "section": _section,
}


def uploaded() -> Mapping[str, bytes]:
    """The pictures as the bot cuts and uploads them, by their Slack id."""
    photo = read_photo(_photograph().read_bytes())
    return {CROP: crop_face(photo, FACE, []), CONTEXT: context_picture(photo, FACE)}


def _photograph() -> Path:
    spec = importlib.util.find_spec("skimage")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("scikit-image, which has the photograph, is not installed")
    return Path(spec.origin).parent / "data/astronaut.png"


def digest() -> str:
    """Of all that the request says and shows today."""
    return hashlib.sha256(json.dumps(SHOWN.blocks, sort_keys=True).encode()).hexdigest()


def drawn_from(path: Path) -> str | None:
    """The digest of what a picture was drawn from."""
    with Image.open(path) as picture:
        return picture.info.get(DRAWN_FROM)


def main() -> None:
    """Draw the picture of the README."""
    note = PngInfo()
    note.add_text(DRAWN_FROM, digest())
    picture = draw().quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
    picture.save(REQUEST, optimize=True, pnginfo=note)


if __name__ == "__main__":
    main()
