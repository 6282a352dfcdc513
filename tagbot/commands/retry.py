"""`python bot.py retry`: what `/facetag retry` does."""

import argparse
import sys

from tagbot import build
from tagbot.commands.command import Command
from tagbot.maintenance.redrive import ALL, NothingOfThatName, retry
from tagbot.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", nargs="?", default=ALL, metavar="all|QUEUE|FACE_ID", help="what to try again; default: all"
    )


def run(settings: Settings, options: argparse.Namespace) -> int:
    with build.beside(settings) as queues:
        try:
            retried = retry(queues, options.target)
        except NothingOfThatName:
            print(
                f"There is no queue and no face {options.target}; the queues are {', '.join(queues)}.",
                file=sys.stderr,
            )
            return 1
    print(retried.in_words())
    return 1 if retried.unusable else 0


COMMAND = Command(arguments, run)
