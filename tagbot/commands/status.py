"""`python bot.py status`: what `/facetag status` shows."""

import argparse
import json

from tagbot import build
from tagbot.commands.command import Command
from tagbot.lib import terminal
from tagbot.monitoring import status_figures, status_words
from tagbot.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def run(settings: Settings, options: argparse.Namespace) -> int:
    with build.beside(settings) as queues:
        figures = status_figures.collect(
            queues,
            build.inbox(settings),
            backend=settings.training_backend,
            may_vote=settings.machine_vote == "earned",
        )
    terminal.say(*([json.dumps(figures)] if options.json else status_words.in_words(figures).split("\n")))
    terminal.complain(*figures["unusable"].values())
    return 1 if figures["unusable"] else 0


COMMAND = Command(arguments, run)
