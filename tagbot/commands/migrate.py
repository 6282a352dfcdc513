"""`python bot.py migrate`: move what the bot keeps to another place."""

import argparse
import sys
import time

from tagbot import parts, presence
from tagbot.commands.command import Command
from tagbot.database import connected, open_database
from tagbot.errors import Reject
from tagbot.moving import Compared, move_database
from tagbot.process_lock import AlreadyRunning
from tagbot.settings import Settings, database_address


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--to-database",
        metavar="URL",
        required=True,
        help="where faces, people and votes go: as DATABASE_URL",
    )


def _run(settings: Settings, options: argparse.Namespace) -> int:
    try:
        target = database_address(options.to_database)
    except ValueError as problem:
        raise Reject(f"--to-database {problem}") from None
    try:
        # Their lock keeps the bot from starting meanwhile.
        with parts.queues(settings):
            _refuse_while_others_run(settings)
            return _report(move_database(settings.database_url, target))
    except AlreadyRunning:
        raise Reject("the bot is running: stop it, as nothing may change meanwhile") from None


def _refuse_while_others_run(settings: Settings) -> None:
    """The bot on this `DATA_DIR` cannot be running; others on the same database tell of themselves there."""
    open_database(settings.database_url)
    with connected():
        running = [bot.host for bot in presence.others(settings, time.time())]
    if running:
        raise Reject(f"a bot is running at {', '.join(running)}: stop it, as nothing may change meanwhile")


def _report(compared: list[Compared]) -> int:
    print(f"{'TABLE':<16} {'ROWS':>10} {'HASH':<16} THERE")
    for each in compared:
        there = "the same" if each.is_equal else f"{each.target.rows} rows, {each.target.digest[:16]}"
        print(f"{each.table:<16} {each.source.rows:>10} {each.source.digest[:16]:<16} {there}")
    if not all(each.is_equal for each in compared):
        print("Not all is the same: something else writes to one of the two. Try again.", file=sys.stderr)
        return 1
    print("All is there. Set DATABASE_URL to it and start the bot. The old one was left as it is.")
    return 0


COMMAND = Command("move everything to another database, while the bot does not run", _arguments, _run)
