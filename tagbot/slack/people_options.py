"""People as the options of a select that is loaded as somebody types."""

from collections.abc import Sequence
from typing import Any

from slack_sdk.models.blocks import Option, PlainTextObject

from tagbot.database.models.marks import ids_being_forgotten
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people_search import FoundPerson, people_like
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.slack.blocks import LONGEST_LABEL, Offered, cut
from tagbot.slack.members import Members
from tagbot.slack.people_words import described
from tagbot.slack.told_apart import told_apart

MOST_OPTIONS = 100
"""Slack's limit."""


def known_options(typed: str, members: Members, key: KeyedHash) -> list[dict[str, Any]]:
    """The people without an account who were named before and can be named again; `key` is that of those who
    opted out. Raises `Retry` while the database is away, or where Slack does not tell.
    """
    with reached(), connected():
        found = people_like(typed, MOST_OPTIONS, with_account=False, without=ids_being_forgotten())
        if OptOut.select().exists():
            found = [each for each in found if not _opted_out(each, members, key)]
        return options(found)


def people_options(typed: str, *, without: str = "") -> list[dict[str, Any]]:
    """All people but those who are being forgotten, and one by their id. Raises `Retry` while the database is
    away.
    """
    with reached(), connected():
        return options(people_like(typed, MOST_OPTIONS, without={*ids_being_forgotten(), without}))


def options(people: Sequence[FoundPerson]) -> list[dict[str, Any]]:
    """One for each, whose value is their id; two of one name have different texts."""
    hints = told_apart(people)
    return [_option(each, hints.get(each.id, "")) for each in people]


def _option(person: FoundPerson, hint: str) -> dict[str, Any]:
    label = Offered(person.id, person.name or person.slack_id or person.id, hint).label
    small = cut(described(person.email, person.faces, person.found_by, said=hint), LONGEST_LABEL)
    written = Option(
        text=PlainTextObject(text=label, emoji=False),
        value=person.id,
        description=PlainTextObject(text=small, emoji=False) if small else None,
    )
    return dict(written.to_dict())


def _opted_out(person: FoundPerson, members: Members, key: KeyedHash) -> bool:
    """Whether an account of that name is one whose person does not want to be tagged."""
    return any(OptOut.has(each, key) for each in members.called(person.name or ""))
