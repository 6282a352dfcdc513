"""The command line: which command with which settings, and what its end means to the shell."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from dotenv import dotenv_values

from tagbot import app, logs
from tagbot.commands import COMMANDS
from tagbot.errors import Reject, Retry
from tagbot.process_lock import AlreadyRunning
from tagbot.settings import Settings, SettingsError

FAILED, WRONG_SETTINGS, RUNNING_ALREADY = 1, 2, 3
"""Exit codes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; the exit code."""
    options = _parser().parse_args(arguments)
    command = COMMANDS.get(options.command)
    try:
        settings = Settings.from_env(_environment(), for_slack=command is None or command.needs_slack)
        logs.set_up(settings.log_level if command is None else "WARNING", settings.log_format)
        if command is not None:
            return command.run(settings, options)
        app.run(settings)
    except SettingsError as wrong:
        return _complain(WRONG_SETTINGS, *wrong.problems)
    except AlreadyRunning as other:
        return _complain(RUNNING_ALREADY, f"FaceTag is running already on this DATA_DIR: {other}")
    except (Reject, Retry) as why:
        return _complain(FAILED, why.reason)
    except BrokenPipeError:
        sys.stderr.close()  # who read our output has gone: nothing to say, and nobody to say it to
        return FAILED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bot.py",
        description="Without a command: run the bot. Settings come from the environment and .env.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in COMMANDS.items():
        command.arguments(commands.add_parser(name, help=command.help, description=command.help))
    return parser


def _environment() -> Mapping[str, str]:
    """The environment, and below it `.env` in the current folder."""
    from_file = {name: value for name, value in dotenv_values(Path(".env")).items() if value is not None}
    return from_file | os.environ


def _complain(code: int, *lines: str) -> int:
    for line in lines:
        print(line, file=sys.stderr)  # noqa: T201 - the operator's terminal, before there is a log
    return code
