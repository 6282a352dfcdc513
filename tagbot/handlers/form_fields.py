"""The fields of a form that was submitted."""

from collections.abc import Mapping
from typing import Any


def field_of(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """All that Slack's `view_submission` payload says of a field; nothing where it leaves that out."""
    values = (body["view"].get("state") or {}).get("values") or {}
    return (values.get(name) or {}).get(name) or {}


def ticked_in(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The values of the check boxes that are ticked in a field."""
    return tuple(option["value"] for option in field_of(body, name).get("selected_options") or ())
