"""Sidecars: what the sender of a photo may write beside it."""

import json
import math
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tagbot.photos.pictures import Rectangle, Size


class SidecarRefused(Exception):  # noqa: N818 - an answer to who wrote it, not an error of ours
    """A sidecar is not valid; the text says where and what is expected."""


@dataclass(frozen=True, slots=True)
class KnownFace:
    """A face that the sender found."""

    id: str | None
    """A UUID, None where the bot is to make one."""
    rectangle: Rectangle


@dataclass(frozen=True, slots=True)
class Sidecar:
    """All that a sidecar can say; `faces` is None where the bot is to find them."""

    source: str | None = None
    taken_at: str | None = None
    faces: tuple[KnownFace, ...] | None = None

    def check_inside(self, picture: Size) -> None:
        """Raises `SidecarRefused` when a face lies outside the picture, whose size this is."""
        for number, face in enumerate(self.faces or (), 1):
            if not face.rectangle.inside(picture):
                size = f"{picture.width} × {picture.height} pixels"
                raise SidecarRefused(f"face {number} of the sidecar lies outside the picture of {size}")


def read_sidecar(text: bytes | None) -> Sidecar:
    """Parse a sidecar; raises `SidecarRefused`. Keys that are not known are left alone."""
    if text is None:
        return Sidecar()
    try:
        content = json.loads(text)
    except ValueError:
        raise SidecarRefused("the sidecar is not JSON") from None
    except RecursionError:
        raise SidecarRefused("the sidecar is nested too deeply") from None
    if not isinstance(content, dict):
        raise SidecarRefused("the sidecar is not a JSON object")
    faces = content.get("faces")
    return Sidecar(
        source=_text(content, "source"),
        taken_at=_time(_text(content, "taken_at")),
        faces=None if faces is None else _faces(faces),
    )


def _text(content: dict[str, Any], key: str) -> str | None:
    value = content.get(key)
    if value is not None and not (isinstance(value, str) and _is_unicode(value)):
        raise SidecarRefused(f"the sidecar's {key} is not a text")
    return value


def _is_unicode(text: str) -> bool:
    """JSON can write half a character, which nothing can store."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _time(text: str | None) -> str | None:
    try:
        if text is not None:
            datetime.fromisoformat(text)
    except ValueError:
        raise SidecarRefused("the sidecar's taken_at is not a time such as 2026-11-23T09:30:00Z") from None
    return text


def _faces(faces: Any) -> tuple[KnownFace, ...]:
    if not isinstance(faces, list):
        raise SidecarRefused("the sidecar's faces are not a list")
    known = tuple(_face(face, f"face {number} of the sidecar") for number, face in enumerate(faces, 1))
    ids = [face.id for face in known if face.id]
    if len(set(ids)) < len(ids):
        raise SidecarRefused("the sidecar gives two faces the same id")
    return known


def _face(face: Any, which: str) -> KnownFace:
    if not isinstance(face, dict):
        raise SidecarRefused(f"{which} is not a JSON object")
    rectangle = face.get("rectangle")
    if not isinstance(rectangle, dict):
        raise SidecarRefused(f"{which} has no rectangle")
    sides = [_pixels(rectangle, side, which) for side in ("left", "top", "width", "height")]
    return KnownFace(_uuid(face.get("id"), which), Rectangle(*sides))


def _pixels(rectangle: dict[str, Any], side: str, which: str) -> int:
    """A whole number of pixels; fractions, as some detectors give them, are rounded."""
    value = rectangle.get(side)
    if isinstance(value, int) and not isinstance(value, bool):
        return value  # which may be larger than a float can be
    if not isinstance(value, float) or not math.isfinite(value):
        raise SidecarRefused(f"{which}: its rectangle's {side} is not a number of pixels")
    return round(value)


def _uuid(value: Any, which: str) -> str | None:
    if value is None:
        return None
    try:
        return str(uuid.UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise SidecarRefused(f"{which}: its id is not a UUID") from None
