"""`python bot.py retry`: what `/facetag retry` does."""

import argparse
from threading import Event

from tagbot import build
from tagbot.commands.command import Command
from tagbot.lib.terminal import complain, say
from tagbot.maintenance.redrive import AskLost, NothingOfThatName, retry
from tagbot.settings import Settings
from tagbot.slack.api import SlackApi
from tagbot.slack.client import Slack
from tagbot.slack.lost_requests import ask_lost_again


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "target", nargs="*", metavar="all|QUEUE|FACE_ID", help="what to try again; default: all"
    )


def ask_lost(settings: Settings) -> AskLost | None:
    """How to ask again about a lost request; None without the settings that only Slack needs."""
    if not (settings.slack_bot_token and settings.slack_channel):
        return None
    slack = Slack(SlackApi.of(settings), settings.slack_channel, settings.slack_posts_per_second, Event())
    return lambda face: ask_lost_again([face], slack.channel, settings.rule)


def run(settings: Settings, options: argparse.Namespace) -> int:
    target = " ".join(options.target)
    with build.beside(settings) as queues:
        try:
            retried = retry(queues, target, ask_lost=ask_lost(settings))
        except NothingOfThatName:
            complain(f"There is no queue and no face {target}; the queues are {', '.join(queues)}.")
            return 1
    say(*retried.in_words().split("\n"))
    return 1 if retried.unusable else 0


COMMAND = Command(arguments, run)
