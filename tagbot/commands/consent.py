"""`python bot.py consent`: note a person's yes or no that was given outside Slack."""

import argparse
import time

from tagbot import build
from tagbot.commands.command import Command
from tagbot.commands.one_person import one_person
from tagbot.database.models.consents import ConsentStatement
from tagbot.database.models.kept import people_called
from tagbot.database.models.marks import ids_being_forgotten
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.database.opening import connected, open_database
from tagbot.database.write_lock import writing
from tagbot.lib.terminal import complain, say
from tagbot.lib.typed_ids import account_meant
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
        person = _person(settings, options.person)
        if person is None:
            return 1
        said = Consent.GIVEN if options.given else Consent.REFUSED
        way = options.given or ELSEWHERE
        ConsentStatement.note(person.id, said, at=time.time(), way=way, text_id=None)
    follows = "Faces that waited for it are learned" if options.given else "What was learned of them goes"
    say(f"Noted. {follows}, by the bot that runs or at its next start.")
    return 0


def _person(settings: Settings, typed: str) -> Person | None:
    """The one who is known by it, or of whose account nothing is known yet; None once the operator was told
    why there is none.
    """
    account = account_meant(typed)
    if account is None or people_called(typed):
        return one_person(typed)
    if OptOut.has(account, build.opt_out_key(settings)):
        complain("This member asked not to be tagged, and they alone take that back, in Slack.")
        return None
    with writing():
        if account not in ids_being_forgotten():
            return Person.with_slack_id(account, time.time())
    complain("This member is being forgotten just now. Note it once that is done.")
    return None


COMMAND = Command(_arguments, _run)
