"""Google Takeout's sidecars: when a photo was taken, and who is in it. They say nothing of where."""

from datetime import UTC, datetime
from typing import Any

MAX_PEOPLE = 50
"""In one photo."""

SIGNS = frozenset({"photoTakenTime", "creationTime", "photoLastModifiedTime", "googlePhotosOrigin"})
"""Keys of which at least one is there."""

KEYS = SIGNS | {"timestamp", "people", "name"}
"""All that is looked at."""


def is_takeout(content: object) -> bool:
    """Whether a sidecar is one of Takeout's."""
    return isinstance(content, dict) and bool(SIGNS & content.keys()) and "faces" not in content


def people_named(content: dict[str, Any]) -> tuple[str, ...]:
    """Their names, as the photo's owner gave them to Google."""
    people = content.get("people")
    named = (
        [each.get("name") for each in people if isinstance(each, dict)] if isinstance(people, list) else []
    )
    return tuple(name for name in named if isinstance(name, str) and name.strip())[:MAX_PEOPLE]


def time_taken(content: dict[str, Any]) -> str | None:
    """As ISO 8601 has it; None where it is not told."""
    told = content.get("photoTakenTime")
    try:
        seconds = float(told["timestamp"]) if isinstance(told, dict) else None
        taken = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        return None
    return None if taken is None else taken.isoformat().replace("+00:00", "Z")
