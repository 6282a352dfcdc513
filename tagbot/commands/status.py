"""`python bot.py status`: what `/facetag status` shows."""

import argparse
import json
import sys

from tagbot import parts, status
from tagbot.commands.command import Command
from tagbot.settings import Settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def _run(settings: Settings, options: argparse.Namespace) -> int:
    with parts.beside(settings) as queues:
        figures = status.collect(queues, parts.inbox(settings))
    print(json.dumps(figures) if options.json else status.in_words(figures))
    for problem in figures["unusable"].values():
        print(problem, file=sys.stderr)
    return 1 if figures["unusable"] else 0


COMMAND = Command(_arguments, _run)
