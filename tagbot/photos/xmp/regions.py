"""Regions of faces that other programs wrote: those of the Metadata Working Group, and Microsoft's.

Both count in shares of the picture as it is stored, before its orientation is applied.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tagbot.lib.names import clean_name
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.photos.sidecar import MAX_FACES
from tagbot.photos.xmp.packet import (
    AREA,
    DIMENSIONS,
    MWG,
    Element,
    Fields,
    descriptions,
    fields,
    items,
    parsed,
    text,
)

MICROSOFT = "{http://ns.microsoft.com/photo/1.2/}"
IN_MICROSOFT = "{http://ns.microsoft.com/photo/1.2/t/RegionInfo#}"
IN_REGION = "{http://ns.microsoft.com/photo/1.2/t/Region#}"

FACE = "face"
"""The type of a region that is one; the others are `Pet`, `Focus` and `BarCode`."""

SAME = 0.5
"""Of two regions, the share of their common area from which on they are one face."""

MOST_READ = 4 * MAX_FACES
"""Regions of one file: two programs may each have written all faces of a crowd."""

MAX_NAME = 200
"""Letters."""


@dataclass(frozen=True, slots=True)
class Region:
    """A face, in shares of the stored picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class NamedRectangle:
    """A face, in pixels of the upright picture."""

    rectangle: Rectangle
    name: str = ""


def read_regions(xmp: bytes, upright: Size, orientation: int) -> list[NamedRectangle]:
    """The faces in a picture of that size and orientation. Raises `XmpRefused`."""
    stored = upright if orientation <= 4 else Size(upright.height, upright.width)
    root = parsed(xmp)
    found: list[NamedRectangle] = []
    for number, region in enumerate(_regions(root, stored)):
        if number >= MOST_READ or len(found) >= MAX_FACES:
            break
        rectangle = placed(region, upright, orientation)
        if rectangle is not None:
            _add(found, NamedRectangle(rectangle, clean_name(region.name)[:MAX_NAME]))
    return found


def placed(region: Region, upright: Size, orientation: int) -> Rectangle | None:
    """The pixels of a region that are in the picture; None where there are none."""
    corners = (region.left, region.top), (region.right, region.bottom)
    across, down = zip(*(turned(x, y, orientation) for x, y in corners), strict=True)
    left, right = _pixels(across, upright.width)
    top, bottom = _pixels(down, upright.height)
    return Rectangle.between(left, top, right, bottom) if left < right and top < bottom else None


def turned(x: float, y: float, orientation: int) -> tuple[float, float]:
    """Where a point of the stored picture is in the upright one, both in shares of its sides."""
    return {
        2: (1 - x, y), 3: (1 - x, 1 - y), 4: (x, 1 - y), 5: (y, x), 6: (1 - y, x), 7: (1 - y, 1 - x),
        8: (y, 1 - x),
    }.get(orientation, (x, y))  # fmt: skip


def _pixels(shares: tuple[float, ...], side: int) -> tuple[int, int]:
    low, high = (min(max(share, 0.0), 1.0) for share in sorted(shares))
    return round(low * side), round(high * side)


def _add(found: list[NamedRectangle], new: NamedRectangle) -> None:
    """Two in one place are one face, with the name that either has."""
    for number, old in enumerate(found):
        common = old.rectangle.overlap(new.rectangle)
        if common >= SAME * (old.rectangle.area + new.rectangle.area - common):
            found[number] = NamedRectangle(old.rectangle, old.name or new.name)
            return
    found.append(new)


def _regions(root: Element, stored: Size) -> Iterator[Region]:
    for description in descriptions(root):
        told = fields(description)
        yield from mwg_regions(fields(told.get(f"{MWG}Regions")), stored)
        for item in items(fields(told.get(f"{MICROSOFT}RegionInfo")).get(f"{IN_MICROSOFT}Regions")):
            if (region := _microsoft_region(fields(item))) is not None:
                yield region


def mwg_regions(told: Fields, stored: Size) -> Iterator[Region]:
    """Those of faces, by the fields of `mwg-rs:Regions`."""
    applied = fields(told.get(f"{MWG}AppliedToDimensions"))
    sides = (_number(applied.get(f"{DIMENSIONS}w")), _number(applied.get(f"{DIMENSIONS}h")))
    across, down = (side or own for side, own in zip(sides, stored, strict=True))
    for item in items(told.get(f"{MWG}RegionList")):
        region = fields(item)
        kind = text(region.get(f"{MWG}Type")).casefold()
        if kind in ("", FACE) and (area := mwg_area(region, across, down)) is not None:
            yield area


def mwg_area(region: Fields, across: float, down: float) -> Region | None:
    """Of one with a place and a size; of a circle, the square around it."""
    area = fields(region.get(f"{MWG}Area"))
    x, y, width, height, diameter = (_number(area.get(f"{AREA}{name}")) for name in "xywhd")
    if diameter is not None and not width and not height:
        shorter = min(across, down)
        width, height = diameter * shorter / across, diameter * shorter / down
    if x is None or y is None or not width or not height or min(width, height) <= 0:
        return None
    if text(area.get(f"{AREA}unit")).casefold() == "pixel":
        x, y, width, height = x / across, y / down, width / across, height / down
    half = width / 2, height / 2
    return Region(x - half[0], y - half[1], x + half[0], y + half[1], text(region.get(f"{MWG}Name")))


def _microsoft_region(region: Fields) -> Region | None:
    numbers = [_number(each) for each in re.split(r"\s*[,;\s]\s*", text(region.get(f"{IN_REGION}Rectangle")))]
    if len(numbers) != 4 or None in numbers:
        return None
    left, top, width, height = (each or 0.0 for each in numbers)
    if min(width, height) <= 0:
        return None
    return Region(left, top, left + width, top + height, text(region.get(f"{IN_REGION}PersonDisplayName")))


def _number(value: object) -> float | None:
    """Also with a comma, as some programs write it where people do. None where it is none."""
    written = text(value) if isinstance(value, Element | str) else ""
    try:
        number = float(written[:40].replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
