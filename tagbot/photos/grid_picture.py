"""The picture of several faces in one request: a grid in which each has a number."""

import math
from collections.abc import Sequence

from tagbot.photos.decoding import read_photo
from tagbot.photos.pixels import blank
from tagbot.photos.rectangle import Rectangle, Size

CELL = 320
"""Pixels a side. Three beside each other are as many as Slack shows without scaling down; on a phone that is
a face as wide as a thumb.
"""

GAP = 12
"""Pixels between two faces, so that their grounds do not run into each other."""

NUMBER_HEIGHT = 64
"""Pixels, of which a phone shows a third: as high as the letters around it."""

COLUMNS = 3


def grid_picture(crops: Sequence[tuple[int, bytes]]) -> bytes:
    """A JPEG with each face in a cell of its own, as large as fits, and its number in a corner: white on
    black with a white edge, which is seen on any ground and without any colour. Given are numbers and crops.
    """
    columns = min(COLUMNS, math.ceil(math.sqrt(len(crops)))) if len(crops) > COLUMNS else len(crops)
    rows = math.ceil(len(crops) / columns)
    step = CELL + GAP
    grid = blank(Size(columns * step - GAP, rows * step - GAP))
    for place, (number, crop) in enumerate(crops):
        row, column = divmod(place, columns)
        cell = Rectangle(column * step, row * step, CELL, CELL)
        face = read_photo(crop)
        factor = CELL / max(face.size.width, face.size.height)
        shown = face.scaled(factor)
        left = cell.left + (CELL - shown.size.width) // 2
        top = cell.top + (CELL - shown.size.height) // 2
        grid = grid.with_picture(shown, left, top).labelled(str(number), cell.left, cell.top, NUMBER_HEIGHT)
    return grid.jpeg()
