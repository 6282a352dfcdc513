"""The one person that a command is about."""

from collections.abc import Sequence

from tagbot.database.models.kept import known_person, people_called
from tagbot.database.models.people import Person
from tagbot.lib.terminal import complain


def one_person(text: str) -> Person | None:
    """By Slack id, by an id of ours, or by a name that only one person has; None once the operator was told
    why nobody is.
    """
    return only(people_called(text.strip()))


def only(found: Sequence[Person]) -> Person | None:
    """The one who was found; None once the operator was told why it is not one, and what tells several apart.
    The words that were typed are not repeated.
    """
    if not found:
        complain("Nobody is known by that id or name. `python bot.py people` lists everybody.")
    elif len(found) > 1:
        complain(f"{len(found)} people have that name. Take an id:", *map(_told_apart, found))
    else:
        return found[0]
    return None


def _told_apart(person: Person) -> str:
    count = known_person(person).faces
    faces = "1 face" if count == 1 else f"{count} faces"
    return ", ".join(filter(None, [person.id, person.slack_id, person.email, faces]))
