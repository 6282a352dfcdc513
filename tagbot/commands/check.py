"""`python bot.py check`: try every outside part, and say how to mend what fails."""

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event

from peewee import PeeweeException

from tagbot import build
from tagbot.commands.command import Command
from tagbot.commands.privacy_report import report
from tagbot.database.models.faces import Face
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.opening import connected, health, open_database
from tagbot.database.outages import DatabaseUnusable
from tagbot.errors import Reject, Retry
from tagbot.lib.installation import COMMAND as TYPED
from tagbot.lib.redaction import without_secrets
from tagbot.lib.terminal import say
from tagbot.maintenance.own_files import open_to_others
from tagbot.recognition.model_files import MODELS, Purpose, best
from tagbot.settings import Settings
from tagbot.slack import shared_channel
from tagbot.slack.api import SlackApi
from tagbot.slack.client import Slack
from tagbot.slack.message_kinds import every_kind
from tagbot.vocabulary import QueueName

Probe = Callable[[], str]
"""Tries a part and says in a few words what answered; raises `Retry` or `Reject` saying what to mend."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--privacy", action="store_true", help="say what is kept where, for how long, and who sees it"
    )


def run(settings: Settings, options: argparse.Namespace) -> int:
    if options.privacy:
        for paragraph in report(settings, slack_of(settings)):
            say(*paragraph.splitlines(), "")
        return 0
    failed = 0
    for part, probe in probes(settings):
        try:
            say(f"ok    {part}: {probe()}")
        except (Retry, Reject, PeeweeException, DatabaseUnusable, OSError) as why:
            failed += 1
            say(f"FAILS {part}: {without_secrets(str(getattr(why, 'reason', why)))}")
    if (policy := build.iam_policy(settings)) is not None:
        say("The least that the bot needs at AWS:", *json.dumps(policy, indent=2).split("\n"))
    return 1 if failed else 0


def probes(settings: Settings) -> Iterator[tuple[str, Probe]]:
    """Every outside part of a bot with these settings, in the order in which it needs them."""
    slack = slack_of(settings)
    yield "database", lambda: database(settings)
    yield "queues", lambda: queues(settings)
    yield "image store", lambda: build.image_store(settings).check()
    yield "inbox", lambda: build.inbox(settings).check()
    yield "own files", lambda: own_files(settings)
    yield "consent and opting out", lambda: consent(settings)
    yield "Slack bot token", lambda: bot_token(slack)
    yield "Slack app token", lambda: app_token(slack, settings)
    yield "Slack app's Home", lambda: home(slack)
    yield "Slack channel", lambda: channel(slack, settings)
    yield "Slack messages", lambda: messages(slack)
    yield "training backend", lambda: training_backend(settings)
    if settings.training_backend == "local":
        yield "face detector", lambda: face_detector(settings)


def slack_of(settings: Settings) -> Slack:
    """The door to Slack of a bot with these settings."""
    return Slack(SlackApi.of(settings), settings.slack_channel, settings.slack_posts_per_second, Event())


def database(settings: Settings) -> str:
    """Its engine and version, and how many faces are there."""
    open_database(settings.database_url)
    with connected():
        return f"{health()}, {sum(Face.counts().values())} faces"


def queues(settings: Settings) -> str:
    """On SQS, the database has the counts that SQS cannot give."""
    if settings.queue_prefix is not None:
        open_database(settings.database_url)
    with build.queues_beside(settings) as beside:
        waiting = sum(queue.counts().ready for queue in beside.values())
    return f"{len(QueueName)} queues, {waiting} messages ready"


def own_files(settings: Settings) -> str:
    """The bot takes them away from other users when it starts, where the system lets it."""
    found = open_to_others(settings)
    if not found:
        return "readable by their owner alone"
    return (
        f"other users of this machine may be able to read {len(found)} of them, such as {found[0]}: the bot "
        "changes that when it starts, where it may; if this stays, they should be its user's, on a file "
        "system that keeps their rights"
    )


def consent(settings: Settings) -> str:
    """A key that keeps nobody out is told, and what consent does not cover."""
    key = build.opt_out_key(settings)
    open_database(settings.database_url)
    with connected():
        problem = OptOut.problem(key)
    if problem:
        raise Reject(problem)
    if not settings.requires_consent:
        return "CONSENT=off: people who are named are learned unless they say no"
    if settings.compares_faces:
        return (
            "CONSENT=required; faces that nobody has named are still compared for groups and for the names "
            "that are offered, unless MAX_GROUP=1 and LINE_UP=0"
        )
    return "CONSENT=required, and no face is compared before its person agreed"


def bot_token(slack: Slack) -> str:
    """A scope that is missing shows only once a stage needs it."""
    if missing := slack.missing_scopes():
        raise Reject(
            f"the scope {', '.join(missing)} is missing: add it under “OAuth & Permissions” "
            "of your Slack app, or paste manifest.json again, and reinstall the app"
        )
    return "taken, with all scopes"


def app_token(slack: Slack, settings: Settings) -> str:
    """Asks for a connection, and opens none."""
    slack.check_app_token(settings.slack_app_token)
    return "taken, Socket Mode answers"


def home(slack: Slack) -> str:
    """An app that was made from an earlier manifest has none."""
    try:
        slack.check_home()
    except Retry as why:
        if not why.reason.endswith("not_enabled"):
            raise
        raise Reject(
            f"{why.reason}: paste manifest.json again; or switch the Home Tab on under “App Home” of your "
            "Slack app, and subscribe to the bot event app_home_opened under “Event Subscriptions”"
        ) from None
    return "switched on; members find it under the app's name"


def channel(slack: Slack, settings: Settings) -> str:
    """A bot that is not in the channel can neither post nor read there."""
    try:
        found = slack.channel.info()
    except (Retry, Reject) as why:
        raise Reject(f"{why.reason}: is SLACK_CHANNEL right, and is the bot invited there?") from None
    if found.get("is_archived"):
        raise Reject("the channel is archived: choose another one, or restore it")
    if not found.get("is_member"):
        raise Reject("the bot is not in the channel: type /invite @FaceTag there")
    if shared_channel.is_shared(found):
        if not settings.allow_shared_channel:
            raise Reject(f"it {shared_channel.ADVICE}")
        return "the bot is in it; it is shared with another organisation, as ALLOW_SHARED_CHANNEL says"
    if not found.get("is_private"):
        return "the bot is in it; it is public, so every member of the workspace may see the faces in it"
    return "the bot is in it"


def messages(slack: Slack) -> str:
    """Slack looks at one of every kind, and shows none of them to anybody."""
    kinds = 0
    for name, kind, content in every_kind():
        try:
            slack.api.validate(kind, content)
        except Reject as why:
            if why.reason.endswith("unknown_method"):
                return "not looked at: this Slack does not know how to"
            raise Reject(f"{name}: {why.reason}: please tell the makers of FaceTag") from None
        kinds += 1
    return f"Slack takes each of the {kinds} kinds"


def training_backend(settings: Settings) -> str:
    """Closed again, whatever it answers."""
    open_database(settings.database_url)
    backend = build.training_backend(settings)
    with connected():
        try:
            return backend.check()
        finally:
            with suppress(Retry, Reject):
                backend.close()


def face_detector(settings: Settings) -> str:
    """Its name; and where there is a better one, the command that brings it."""
    detectors = [model for model in MODELS.values() if model.purpose is Purpose.FINDS]
    used = best(Purpose.FINDS, settings.models)
    if used is None:
        raise Reject(f"there is none: `{TYPED} models` says which there are")
    if used is detectors[0]:
        return used.name
    better = detectors[0]
    return f"{used.name}; `{TYPED} models get {better.name}` brings one that {better.worth}"


COMMAND = Command(arguments, run, needs_slack=True)
