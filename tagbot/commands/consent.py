"""`python bot.py consent`: note a person's yes or no that was given outside Slack."""

import argparse
import time

from tagbot.commands.command import Command
from tagbot.commands.one_person import one_person
from tagbot.database.models.consents import ConsentStatement
from tagbot.database.opening import connected, open_database
from tagbot.lib.terminal import complain, say
from tagbot.settings import Settings
from tagbot.vocabulary import Consent

ELSEWHERE = "outside Slack"
"""The way of a no, which needs no proof."""


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("person", metavar="P", help="a Slack id, a person's id, or a name of one person only")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--given", metavar="HOW", help="they agreed: how, and where that can be looked up")
    what.add_argument("--refused", action="store_true", help="they said no, or take their yes back")


def _run(settings: Settings, options: argparse.Namespace) -> int:
    if options.given is not None and not options.given.strip():
        complain("Say how the yes was given, and where that can be looked up.")
        return 1
    open_database(settings.database_url)
    with connected():
        person = one_person(options.person)
        if person is None:
            return 1
        said = Consent.GIVEN if options.given else Consent.REFUSED
        way = options.given or ELSEWHERE
        ConsentStatement.note(person.id, said, at=time.time(), way=way, text_id=None)
    follows = "Faces that waited for it are learned" if options.given else "What was learned of them goes"
    say(f"Noted. {follows}, by the bot that runs or at its next start.")
    return 0


COMMAND = Command(_arguments, _run)
