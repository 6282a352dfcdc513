"""`python bot.py stats`: how much is asked of people, and how well they and the machine do."""

import argparse
import json

from tagbot.commands.command import Command
from tagbot.database.opening import open_database
from tagbot.lib.terminal import say
from tagbot.monitoring import stats_figures, stats_words
from tagbot.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def run(settings: Settings, options: argparse.Namespace) -> int:
    open_database(settings.database_url)
    figures = stats_figures.collect(may_vote=settings.machine_vote == "earned")
    say(*([json.dumps(figures)] if options.json else stats_words.in_words(figures)))
    return 0


COMMAND = Command(arguments, run)
