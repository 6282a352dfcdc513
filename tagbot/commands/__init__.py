"""What `python bot.py` can do besides running: one command a file, each with a `COMMAND`."""

from tagbot.commands import add, check, export, migrate, reconcile, retry, status
from tagbot.commands.command import Command

COMMANDS: dict[str, Command] = {
    "add": add.COMMAND,
    "status": status.COMMAND,
    "retry": retry.COMMAND,
    "export": export.COMMAND,
    "reconcile": reconcile.COMMAND,
    "check": check.COMMAND,
    "migrate": migrate.COMMAND,
}
