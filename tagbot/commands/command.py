"""The shape of a command."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from tagbot.settings import Settings


@dataclass(frozen=True, slots=True)
class Command:
    """One command of `python bot.py`; none needs the bot to run, and only `migrate` minds it running."""

    arguments: Callable[[argparse.ArgumentParser], None]
    """Declares the command's arguments."""
    run: Callable[[Settings, argparse.Namespace], int]
    """Does it; returns the exit code."""
    needs_slack: bool = False
    """Whether the Slack settings have to be there."""
