"""`python bot.py reconcile`: compare the training backend's model with the database."""

import argparse
import uuid
from contextlib import closing

from tagbot import build
from tagbot.commands.command import Command
from tagbot.database.opening import connected, open_database
from tagbot.lib.installation import COMMAND as TYPED
from tagbot.lib.terminal import say
from tagbot.maintenance.reconciliation import Difference, counted, differences, mend, nothing_differs
from tagbot.settings import Settings
from tagbot.training.other_models import held_elsewhere, in_words


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fix", action="store_true", help="mend what differs")


def _run(settings: Settings, options: argparse.Namespace) -> int:
    open_database(settings.database_url)
    with closing(build.training_backend(settings)) as training, connected():
        found = list(differences(training))
        _print(found)
        for sentence in in_words(held_elsewhere(training.name)):
            say(sentence)
        if found and not options.fix:
            say(f"{TYPED} reconcile --fix mends this.")
            return 1
        if found:
            mend(found, training, build.image_store(settings), uuid.uuid4().hex)
            if left := list(differences(training)):
                say("Left:")
                _print(left)
                return 1
            say("All mended.")
        nothing_differs(training)
        return 0


def _print(found: list[Difference]) -> None:
    """A table: a line for each difference, and one that counts them."""
    if found:
        say(f"{'DIFFERENCE':<14} {'FACE':<36} {'IN THE MODEL AS':<36} PERSON IN THE MODEL")
    for difference in found:
        person = difference.person_ref or "-"
        say(f"{difference.kind:<14} {difference.face_id:<36} {difference.face_ref:<36} {person}")
    say(", ".join(f"{kind}: {count}" for kind, count in counted(found).items()))


COMMAND = Command(_arguments, _run)
