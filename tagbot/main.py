"""The command line: which command with which settings, and what its end means to the shell."""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from dotenv import dotenv_values

from tagbot.commands import COMMANDS, command
from tagbot.errors import Reject, Retry
from tagbot.lib import logs, terminal
from tagbot.lib.installation import COMMAND
from tagbot.lib.owner_only import for_owner_alone
from tagbot.lib.process_lock import AlreadyRunning
from tagbot.lib.redaction import hide_in_tracebacks, hide_secrets_of, without_secrets
from tagbot.lib.service_manager import ServiceManager
from tagbot.lib.sqlite_errors import with_advice
from tagbot.lib.unseen import printable
from tagbot.settings import Settings, SettingsError
from tagbot.settings.values import trimmed, whole_number

FAILED, WRONG_SETTINGS, RUNNING_ALREADY, INTERRUPTED = 1, 2, 3, 130
"""Exit codes; the last is what a shell makes of Ctrl-C."""


@for_owner_alone()
def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    hide_in_tracebacks()
    terminal.escape_unknown_letters()
    try:
        env = _environment()
    except OSError as why:
        return _complain(FAILED, f"FaceTag cannot read its settings: {why}")
    except UnicodeDecodeError:
        return _complain(WRONG_SETTINGS, "FaceTag cannot read its settings: .env is no text in UTF-8")
    options = _parsed(given)
    if options.command is None and not options.sandbox and trimmed(env.get("LOG_FORMAT", "")) == "json":
        logs.take_over_standard_error()
    # Not before the command line is understood: what tells of its mistakes, and `--help`, need no database.
    from peewee import PeeweeException

    from tagbot.database.outages import DatabaseUnusable

    try:
        return _run_sandbox(env, options.port) if options.sandbox else _run(env, options)
    except SettingsError as wrong:
        return _complain(WRONG_SETTINGS, *wrong.problems)
    except AlreadyRunning as other:
        return _complain(RUNNING_ALREADY, f"FaceTag is running already on this DATA_DIR: {other}")
    except (Reject, Retry) as why:
        return _complain(FAILED, *why.reason.split("\n"))
    except DatabaseUnusable as why:
        return _complain(FAILED, str(why))
    except KeyboardInterrupt:
        return _complain(INTERRUPTED, "FaceTag was stopped before it was done.")
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone
        return FAILED
    except (OSError, PeeweeException) as why:
        return _complain(FAILED, f"FaceTag cannot use what it keeps on disk: {with_advice(why)}")


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a command line without the secret that was typed in a wrong place."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(without_secrets(message)))


def _port(text: str) -> int:
    """One of this machine, or 0 for any that is free."""
    try:
        return whole_number(0, 65535)(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(str(wrong)) from None


def _parsed(given: Sequence[str]) -> argparse.Namespace:
    """The command line, understood; ends the program where it makes no sense, or asks for help."""
    parser = _Parser(
        prog=COMMAND.removeprefix("python "),
        description="Without a command: run the bot. Settings come from the environment and .env.",
    )
    parser.add_argument(
        "--sandbox",
        action="store_true",
        help="run the bot against a Slack on this machine, with a page in the browser; it needs no settings",
    )
    parser.add_argument("--port", type=_port, metavar="N", help="where the page of --sandbox answers")
    if given and given[0].lower() in COMMANDS:
        given = [given[0].lower(), *given[1:]]
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, does in COMMANDS.items():
        its_parser = commands.add_parser(name, help=does, description=does)
        if name in given:
            command(name).arguments(its_parser)
    options = parser.parse_args(given)
    if options.command and (options.sandbox or options.port is not None):
        parser.error("--sandbox and --port go with no command")
    if options.port is not None and not options.sandbox:
        parser.error("--port goes with --sandbox")
    return options


def _run(env: Mapping[str, str], options: argparse.Namespace) -> int:
    if options.command is None:
        settings = Settings.from_env(env)
        logs.set_up(settings.log_level, settings.log_format)
        logs.take_over_warnings()
        from tagbot import app  # no command needs it, nor what it brings: Bolt, the timer, Socket Mode

        app.run(settings, ServiceManager(env.get("NOTIFY_SOCKET")).told())
        return 0
    asked = command(options.command)
    settings = Settings.from_env(env, for_slack=asked.needs_slack)
    logs.set_up("WARNING", settings.log_format)
    return asked.run(settings, options)


def _run_sandbox(env: Mapping[str, str], port: int | None) -> int:
    from tagbot.sandbox.page.run import Options, run  # half a second, which nothing else needs

    screen = sys.platform == "darwin" or bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))
    run(
        Options(
            data_dir=Path(env.get("DATA_DIR") or "data"),
            port=port,
            env=os.environ,
            from_file=_env_file(),
            browse=screen and sys.stdout.isatty(),
        )
    )
    return 0


def _environment() -> Mapping[str, str]:
    """The environment, and below it `.env` in the current folder; their secrets are told to nobody.

    Variables of AWS go into the environment itself, where boto3 looks for them, and so does the time zone.
    """
    env = {**_env_file(), **os.environ}
    hide_secrets_of(env)
    for name, value in env.items():
        if name.startswith("AWS_") or name == "TZ":
            os.environ[name] = trimmed(value)
    time.tzset()
    return env


def _env_file() -> Mapping[str, str]:
    return {
        name: value
        for name, value in dotenv_values(Path(".env"), encoding="utf-8-sig").items()
        if value is not None
    }


def _complain(code: int, *lines: str) -> int:
    terminal.complain(*map(without_secrets, lines))
    return code


if __name__ == "__main__":  # `python -m tagbot.main`, where `facetag` may not be on the path
    raise SystemExit(main())
