"""The one person that a command is about."""

from tagbot.database.models.kept import people_called
from tagbot.database.models.people import Person
from tagbot.lib.terminal import complain


def one_person(text: str) -> Person | None:
    """By Slack id, by an id of ours, or by a name that only one person has; None once the operator was told
    why nobody is. The words that were typed are not repeated.
    """
    found = people_called(text.strip())
    if not found:
        complain("Nobody is known by that id or name. `python bot.py people` lists everybody.")
    elif len(found) > 1:
        complain(f"{len(found)} people have that name. Take an id from `python bot.py people`.")
    else:
        return found[0]
    return None
