"""`python bot.py status`: what `/facetag status` shows."""

import argparse
import json
import sys

from tagbot import build
from tagbot.commands.command import Command
from tagbot.monitoring import status_figures, status_words
from tagbot.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def run(settings: Settings, options: argparse.Namespace) -> int:
    with build.beside(settings) as queues:
        figures = status_figures.collect(queues, build.inbox(settings), backend=settings.training_backend)
    print(json.dumps(figures) if options.json else status_words.in_words(figures))
    for problem in figures["unusable"].values():
        print(problem, file=sys.stderr)
    return 1 if figures["unusable"] else 0


COMMAND = Command(arguments, run)
