"""A few words that tell people of one name apart, where they meet; pure."""

from collections.abc import Sequence

from tagbot.database.models.people_search import FoundPerson
from tagbot.lib.names import name_key
from tagbot.slack.blocks import LONGEST_LABEL
from tagbot.slack.people_words import counted_faces, short_id

LONGEST = LONGEST_LABEL // 2
"""Letters of it: a name stands before it on a button."""

END = 12
"""Letters at the end of a longer one that stay, where addresses differ by their hosts."""


def told_apart(people: Sequence[FoundPerson]) -> dict[str, str]:
    """For each person whose name another one of these has, what the others do not have; by id. That is the
    address or account where these differ, else with the number of faces, else with the id.
    """
    by_name: dict[str, list[FoundPerson]] = {}
    for each in people:
        by_name.setdefault(name_key(each.name or ""), []).append(each)
    hints: dict[str, str] = {}
    for name, namesakes in by_name.items():
        if name and len(namesakes) > 1:
            hints |= _differing(namesakes)
    return hints


def _differing(people: Sequence[FoundPerson]) -> dict[str, str]:
    hints: dict[str, str] = {}
    for details in (1, 2, 3):
        hints = {each.id: _hint(each, details) for each in people}
        if "" not in hints.values() and len(set(hints.values())) == len(people):
            break
    return hints


def _hint(person: FoundPerson, details: int) -> str:
    known = [person.email or person.slack_id or "", counted_faces(person.faces), short_id(person.id)]
    text = ", ".join(filter(None, known[:details]))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - END - 1]}…{text[-END:]}"
