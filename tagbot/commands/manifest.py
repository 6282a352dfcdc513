"""`python bot.py manifest`: what makes the app in Slack, to be pasted there."""

import argparse

from tagbot.commands.command import Command
from tagbot.lib.installation import manifest
from tagbot.lib.terminal import say
from tagbot.settings import Settings


def arguments(_: argparse.ArgumentParser) -> None:
    pass


def run(_: Settings, __: argparse.Namespace) -> int:
    say(*manifest().rstrip().split("\n"))
    return 0


COMMAND = Command(arguments, run)
