"""`python bot.py status`: what `/facetag status` shows."""

import argparse
import json
import time

from tagbot import build
from tagbot.commands.command import Command
from tagbot.database.opening import connected, open_database
from tagbot.database.shared_clock import shared_now
from tagbot.lib import terminal
from tagbot.monitoring import disk_figures, status_figures, status_words
from tagbot.monitoring.heartbeat import SILENT_SECONDS, last_heartbeat_of
from tagbot.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--running",
        action="store_true",
        help="only say whether the bot of this DATA_DIR runs; exit code 1 where it does not",
    )


def run(settings: Settings, options: argparse.Namespace) -> int:
    if options.running:
        return _whether_it_runs(settings)
    with build.beside(settings) as queues:
        figures = status_figures.collect(
            queues,
            build.inbox(settings),
            backend=settings.training_backend,
            may_vote=settings.machine_vote == "earned",
            disk=disk_figures.figures(settings, time.time()),
        )
    terminal.say(*([json.dumps(figures)] if options.json else status_words.in_words(figures).split("\n")))
    terminal.complain(*figures["unusable"].values())
    return 1 if figures["unusable"] else 0


def _whether_it_runs(settings: Settings) -> int:
    """For health checks, which come often."""
    open_database(settings.database_url)
    with connected():
        seen_at = last_heartbeat_of(settings)
        is_running = seen_at is not None and abs(shared_now() - seen_at) <= SILENT_SECONDS
    terminal.say("It runs." if is_running else "It does not run, or cannot reach its database.")
    return 0 if is_running else 1


COMMAND = Command(arguments, run)
