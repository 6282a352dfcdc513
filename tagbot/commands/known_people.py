"""`python bot.py people`: who is known, what is learned of each, and their consent; and changing it."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from tagbot.commands.command import Command
from tagbot.database.models.export_lines import utc
from tagbot.database.models.kept import KnownPerson, known_people
from tagbot.database.models.merges import merged_into
from tagbot.database.models.people import Person
from tagbot.database.opening import connected, open_database
from tagbot.lib.terminal import say
from tagbot.settings import Settings

COLUMNS = "{:<36} {:<12} {:>5} {:>7} {:<9} {:<24} {}"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "change",
        nargs="*",
        metavar="merge A into B | unmerge A | rename P NAME",
        help="make two people one, undo that exactly, or give a person a name; without it, all are listed",
    )


def _run(settings: Settings, options: argparse.Namespace) -> int:
    if options.change:
        # Loaded only here: it brings half of the bot, which the list can do without.
        from tagbot.commands.merge_and_rename import change

        return change(settings, options.change)
    open_database(settings.database_url)
    with connected():
        people = list(known_people())
        parts = {} if options.json else {known.person.id: merged_into(known.person.id) for known in people}
    if options.json:
        say(json.dumps([figures(known) for known in people]))
    else:
        _print(people, parts)
    return 0


def figures(known: KnownPerson) -> dict[str, Any]:
    """Their names are the contract's."""
    return {
        "id": known.person.id,
        "slack_id": known.person.slack_id,
        "name": known.person.name,
        "email": known.person.email,
        "faces": known.faces,
        "learned": known.learned,
        "consent": known.consent,
        "consent_at": None if known.consent_at is None else utc(known.consent_at),
    }


def _print(people: list[KnownPerson], parts: Mapping[str, list[Person]]) -> None:
    """A line for each, with how they said it; then the texts that they said it to, by number."""
    texts = list(dict.fromkeys(known.text for known in people if known.text is not None))
    say(COLUMNS.format("ID", "SLACK ID", "FACES", "LEARNED", "CONSENT", "SINCE", "NAME"))
    for known in people:
        person, since = known.person, "" if known.consent_at is None else utc(known.consent_at)
        say(
            COLUMNS.format(
                person.id,
                person.slack_id or "-",
                known.faces,
                known.learned,
                known.consent,
                since or "-",
                person.name or "-",
            )
        )
        for part in parts[person.id]:
            since = utc(part.merged_at or 0.0)
            say(f"{'':<36} {part.slack_id or '-':<12} merged {since}: {part.name or '-'} ({part.id})")
        if known.way:
            to = "" if known.text is None else f", to text {texts.index(known.text) + 1}"
            say(f"{'':<36} by {known.way}{to}")
    for number, text in enumerate(texts, 1):
        say("", f"Text {number}:", *text.splitlines())


COMMAND = Command(_arguments, _run)
