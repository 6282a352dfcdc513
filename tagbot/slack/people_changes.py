"""Changes that admins make of people, each done in the database, or refused in words."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tagbot.database.models import merges
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.errors import Retry
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.slack.people_words import UNCHANGED
from tagbot.slack.updates import Updates


def rename(person: str, name: str, now: float) -> str:
    """Empty where it is done. Raises `Retry` while the database is away, as do the others."""
    return _unless_refused(lambda: merges.rename(person, name, now))


def merge(source: str, target: str, key: KeyedHash, now: float, publish: Callable[[Any], None]) -> str:
    """Empty where it is done, and what follows is published; `key` is that of those who opted out."""

    def merged() -> None:
        for message in merges.merge(source, target, key, now):
            publish(message)

    return _unless_refused(merged)


def unmerge(source: str) -> str:
    """Empty where it is done."""
    return _unless_refused(lambda: merges.unmerge(source))


def show_changes(updates: Updates) -> None:
    """Have the messages say at once what changed; while the database is away that is left to a timed job."""
    with suppress(Retry), reached(), connected():
        updates.catch_up()


def _unless_refused(change: Callable[[], object]) -> str:
    try:
        with reached(), connected():
            change()
    except merges.PeopleUnchanged as refused:
        return UNCHANGED[refused.why]
    return ""
