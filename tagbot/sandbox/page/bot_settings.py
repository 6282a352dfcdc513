"""The settings of the sandbox's bot: Slack is the stand-in, the folder is the sandbox's own."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from tagbot.lib.installation import COMMAND, IS_CHECKOUT, PACKAGE
from tagbot.sandbox import defaults
from tagbot.sandbox.state import APP_TOKEN, BOT_TOKEN
from tagbot.settings import variables

PROXIES = ("http_proxy", "https_proxy", "all_proxy")
"""Slack's SDK would ask them, and they know nothing of this machine."""

THE_VISITORS = (
    "REQUIRED_VOTES",
    "UNKNOWN_AFTER",
    "MAX_OPEN_REQUESTS",
    "MAX_GROUP",
    "LINE_UP",
    "MACHINE_VOTE",
    "CONSENT",
    "CONSENT_TEXT",
    "REQUEST_EXPIRES_DAYS",
    "MIN_FACE_SIZE",
    "MAX_FACES_PER_PERSON",
    "ADMINS",
    "LOG_LEVEL",
)
"""What may be set from outside (not by .env): it leads nowhere but to other rules of the game."""


def bot_environment(outer: Mapping[str, str], address: str, data_dir: Path, models: Path) -> dict[str, str]:
    """The whole environment of the bot. Nothing in it leads to the real Slack, or to real data; the models
    are the real bot's.

    It retries sooner than in real life, and gives up after five minutes instead of an hour. It asks about
    little at a time, so that the model knows somebody, and names are offered, before all of the visitor's
    photos are asked about; and about six faces in one request, as each of the team's people has five, and one
    looks like two of them.
    """
    ours = {name for _, variable in variables() for name in (variable.name,)}
    kept = {
        name: value
        for name, value in outer.items()
        if name not in ours - set(THE_VISITORS) and name.lower() not in PROXIES
    }
    return {"MAX_OPEN_REQUESTS": "4", "MAX_GROUP": "3", **kept} | {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_CHANNEL": defaults.FACES,
        "SLACK_API_URL": f"{address}/api/",
        "SLACK_POSTS_PER_SECOND": "2",
        "DATA_DIR": str(data_dir),
        "MODELS": str(models),
        "RETRY_MAX_SECONDS": "5",
        "MAX_ATTEMPTS": "60",
        "LOG_FORMAT": "json",
    }


def add_command(outer: Mapping[str, str], data_dir: Path) -> str:
    """What one types in a terminal to add a photo; what `.env` may say of other folders is taken back."""
    folders = ("INBOX", "DATABASE_URL", "QUEUE_URL", "IMAGE_STORE")
    words = [f"DATA_DIR={shlex.quote(str(data_dir))}", *(f"{name}=" for name in folders if outer.get(name))]
    if not IS_CHECKOUT:
        return " ".join([*words, COMMAND, "add", "PHOTO…"])
    python, root = Path(sys.executable), PACKAGE.parent
    shown = python.relative_to(root) if python.is_relative_to(root) else python
    return " ".join([f"cd {shlex.quote(str(root))} &&", *words, str(shown), "bot.py", "add", "PHOTO…"])
