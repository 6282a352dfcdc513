"""The commands of `python bot.py`, one a file, each with a `COMMAND`."""

import importlib

from tagbot.commands.command import Command

COMMANDS = {
    "add": "copy photos (folders are searched through) with their sidecars into the inbox",
    "status": "show what is done, what waits and why",
    "stats": "tell how much people were asked and answered, and how well they and the machine do",
    "retry": "put dead letters back, or ask again about a face that was set aside",
    "export": "print every tagged face, oldest first",
    "people": "list the people who are known with their consent; merge two into one, unmerge, rename",
    "consent": "note a person's yes or no that was given outside Slack",
    "forget": "make everything go that says who a person is or shows their face, and prove it",
    "reconcile": "compare the training backend's model with the database, and mend it",
    "models": "show which models the recogniser has, each with its worth, licence and source, or bring one",
    "check": "try every outside part and say how to mend what fails",
    "backup": "copy database, queues and pictures into one file, while the bot runs or not",
    "manifest": "print the manifest that makes the app in Slack",
    "migrate": "move what the bot keeps to another place, while the bot does not run",
}
"""Each command, in a line."""

MODULES = {"people": "known_people"}
"""Where a command has another name than its file: no two files of the bot have the same."""


def command(name: str) -> Command:
    """One of them. Its file is loaded only here: it brings half of the bot, which takes half a second."""
    found: Command = importlib.import_module(f"{__name__}.{MODULES.get(name, name)}").COMMAND
    return found
