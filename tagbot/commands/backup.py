"""`python bot.py backup`: a copy of all that the bot keeps on this machine, in one file."""

import argparse
import shlex
from functools import partial
from pathlib import Path

from tqdm import tqdm

from tagbot.commands.command import Command
from tagbot.lib.terminal import say
from tagbot.maintenance.backup.full_backup import back_up, elsewhere, left_out
from tagbot.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a new .tar file")


def run(settings: Settings, options: argparse.Namespace) -> int:
    file: Path = options.file
    bar = partial(tqdm, unit=" files", disable=None, leave=False)
    backup = back_up(settings, file, bar)
    moment = backup.at.isoformat(timespec="seconds").replace("+00:00", "Z")
    unpack = f"tar -xf {shlex.quote(str(file))} -C DATA_DIR"
    say(
        f"{file} has all that was in {settings.data_dir} at {moment}: {backup.files:,} files, "
        f"{backup.bytes / 1e6:,.1f} MB.",
        f"To go on from there, unpack it into an empty DATA_DIR: {unpack}",
        *elsewhere(settings),
        *(f"Not in it: {each}." for each in left_out(settings)),
    )
    return 0


COMMAND = Command(arguments, run)
