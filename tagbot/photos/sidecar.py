"""Sidecars: what the sender of a photo may write beside it."""

import json
import math
import re
import uuid
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import msgspec

from tagbot.photos import takeout
from tagbot.photos.rectangle import Rectangle, Size

MAX_BYTES = 1_000_000
"""Of a sidecar: 500 faces with all that detectors write beside them are 100,000."""

MAX_FACES = 500
"""In one photo: each has two pictures, a row and a request."""

MAX_SOURCE = 1_000
"""Letters."""

MAX_TIME = 40
"""Letters: a time with microseconds and an offset in seconds has 35."""


class SidecarRefused(Exception):  # noqa: N818 - an answer to its author, not an error of ours
    """A sidecar is not valid; the text says where and what is expected."""

    def __init__(self, reason: str, *, looks_cut_off: bool = False) -> None:
        """What looks cut off may be whole a little later."""
        super().__init__(reason)
        self.looks_cut_off = looks_cut_off


@dataclass(frozen=True, slots=True)
class KnownFace:
    """A face that the sender found."""

    rectangle: Rectangle
    id: str | None = None
    """A UUID, None where the bot is to make one."""

    def __post_init__(self) -> None:
        if self.id is None:
            return
        # Python's UUID takes hyphens and braces anywhere, and every alphabet's digits.
        if not UUID.fullmatch(self.id):
            raise ValueError("its id is not a UUID")
        object.__setattr__(self, "id", str(uuid.UUID(self.id)))


@dataclass(frozen=True, slots=True)
class Sidecar:
    """All that a sidecar can say; `faces` is None where the bot is to find them."""

    source: str | None = None
    taken_at: str | None = None
    faces: tuple[KnownFace, ...] | None = None
    people: tuple[str, ...] = ()
    """Named by Google Takeout as being somewhere in the photo; no sidecar of ours says so."""

    def __post_init__(self) -> None:
        source, taken_at = self.source or "", self.taken_at
        if len(source) > MAX_SOURCE:
            raise ValueError(f"its source is longer than {MAX_SOURCE:,} letters")
        # JSON can write half a character, which nothing can store, and the one that PostgreSQL cannot.
        if "\0" in source or any("\ud800" <= letter <= "\udfff" for letter in source):
            raise ValueError("its source is not a text")
        if taken_at is not None and not is_time(taken_at):
            raise ValueError("its taken_at is not a time such as 2026-11-23T09:30:00Z")
        if len(self.faces or ()) > MAX_FACES:
            raise ValueError(f"it lists {len(self.faces or ()):,} faces, over the limit of {MAX_FACES}")
        ids = [face.id for face in self.faces or () if face.id]
        if len(set(ids)) < len(ids):
            raise ValueError("it gives two faces the same id")

    def check_inside(self, picture: Size) -> None:
        """Raises `SidecarRefused` when a face lies outside the picture, whose size this is."""
        for number, face in enumerate(self.faces or (), 1):
            if not face.rectangle.inside(picture):
                size = f"{picture.width} × {picture.height} pixels"
                raise SidecarRefused(f"face {number} of the sidecar lies outside the picture of {size}")


UUID = re.compile(r"(urn:uuid:)?\{?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?", re.IGNORECASE | re.ASCII)
"""As programs write one: with or without hyphens and braces."""


def is_time(text: str) -> bool:
    """Whether it is a date, or a date and a time, as ISO 8601 has it."""
    # Python's takes any letter between the two, and a million digits of a second.
    if len(text) > MAX_TIME or not text.isascii() or not text.isprintable():
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


KEYS = frozenset(field.name for kind in (Sidecar, KnownFace, Rectangle) for field in fields(kind)) - {
    "people"
}

EXPECTED = {
    "object": "a JSON object",
    "array": "a list",
    "str": "a text",
    "int": "a number of pixels",
    "id": "a UUID",
}
"""By msgspec's name of the type; of an id, by its key."""


def read_sidecar(text: bytes | None) -> Sidecar:
    """Parse a sidecar, ours or Google Takeout's; raises `SidecarRefused`. Unknown keys are left alone."""
    if text is None:
        return Sidecar()
    content = _content(text)
    if takeout.is_takeout(content):
        return Sidecar(taken_at=takeout.time_taken(content), people=takeout.people_named(content))
    if isinstance(content, dict):
        content = {key: value for key, value in content.items() if key in KEYS}
    try:
        return msgspec.convert(content, Sidecar)
    except msgspec.ValidationError as why:
        raise SidecarRefused(_in_words(str(why))) from None


def read_takeout(text: bytes | None) -> Sidecar:
    """What a file says that has the name of a sidecar of Google Takeout's: nothing where it is none."""
    try:
        content = _content(text) if text else None
    except SidecarRefused:
        return Sidecar()
    return read_sidecar(text) if takeout.is_takeout(content) else Sidecar()


def _content(text: bytes) -> Any:
    if len(text) > MAX_BYTES:
        raise SidecarRefused(f"the sidecar is over the limit of {MAX_BYTES // 1_000_000} MB")
    try:
        # Not parsed by msgspec, to which an unknown NaN, or half a character, spoils all the rest.
        return json.loads(text, parse_float=_whole, object_hook=_known)
    except ValueError:
        raise SidecarRefused("the sidecar is not JSON", looks_cut_off=True) from None
    except RecursionError:
        raise SidecarRefused("the sidecar is nested too deeply") from None


def _whole(digits: str) -> float:
    """Fractions of pixels, as some detectors give them, are rounded; no other key holds a number."""
    number = float(digits)
    return round(number) if math.isfinite(number) else number


def _known(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key in KEYS or key in takeout.KEYS}


def _in_words(error: str) -> str:
    """From "Expected `int`, got `bool` - at `$.faces[0].rectangle.left`"; also without a path, or with a
    message from a `__post_init__` above.
    """
    message, _, path = error.partition(" - at ")
    keys = path.strip("`$.").split(".")
    where = "the sidecar"
    if face := re.fullmatch(r"faces\[(\d+)\]", keys[0]):
        where = f"face {int(face[1]) + 1} of the sidecar"
        keys = keys[1:]
    if any(keys):
        where += ": its " + "'s ".join(keys)
    if missing := re.fullmatch("Object missing required field `(.*)`", message):
        return f"{where} has no {missing[1]}"
    if expected := re.match(r"Expected `(\w+)", message):
        what = EXPECTED["id" if keys == ["id"] else expected[1]]
        return f"{where} {'are' if keys == ['faces'] else 'is'} not {what}"
    return f"{where}: {message}"
