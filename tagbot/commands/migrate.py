"""`python bot.py migrate`: move what the bot keeps to another place."""

import argparse
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from functools import partial
from typing import Any

from tqdm import tqdm

from tagbot import build
from tagbot.commands.command import Command
from tagbot.database.opening import connected, open_database
from tagbot.database.shared_clock import shared_now
from tagbot.errors import Reject
from tagbot.lib.installation import COMMAND as TYPED
from tagbot.lib.process_lock import AlreadyRunning
from tagbot.lib.terminal import complain, say
from tagbot.maintenance.transfer import Compared
from tagbot.maintenance.transfer.database_copy import move_database
from tagbot.maintenance.transfer.message_copy import move_queues
from tagbot.maintenance.transfer.picture_copy import move_pictures
from tagbot.maintenance.transfer.sent_messages import Confirmations
from tagbot.monitoring import heartbeat
from tagbot.monitoring.heartbeat import SILENT_SECONDS
from tagbot.queues import Counts
from tagbot.queues.disk import disk_messages
from tagbot.settings import Settings
from tagbot.settings.values import database_address, folder_or_s3, queues_place


@dataclass(frozen=True, slots=True)
class Part:
    """Something that can be moved."""

    option: str
    field: str
    """Of `Settings`: where it is."""
    variable: str
    parse: Callable[[str], Any]
    move: Callable[[Settings, Settings], bool]
    """From here to there; prints what came of it, and says whether all is there."""
    help: str


def arguments(parser: argparse.ArgumentParser) -> None:
    for part in PARTS:
        parser.add_argument(part.option, dest=part.field, metavar="URL", help=part.help)


def run(settings: Settings, options: argparse.Namespace) -> int:
    wanted = [part for part in PARTS if getattr(options, part.field) is not None]
    if not wanted:
        raise Reject(f"migrate needs at least one of {', '.join(part.option for part in PARTS)}")
    there = settings_there(settings, wanted, options)
    try:
        # The lock keeps the bot from starting meanwhile.
        with build.only_bot(settings):
            began = refuse_while_bots_run(settings)
            moved = all(part.move(settings, there) for part in wanted)
            refuse_while_bots_run(settings, began)  # one that ran may have changed what was compared before
            if not moved:
                complain("Not all is the same: something else has changed one of the two.")
                complain("Try again, or see docs/scaling.md.")
                return 1
    except AlreadyRunning:
        raise Reject("the bot is running: stop it, as nothing may change meanwhile") from None
    variables = ", ".join(part.variable for part in wanted)
    say(f"All is there, and what was here was left as it was. Set {variables} as you named them here,")
    say(f"run `{TYPED} check`, and start the bot.")
    return 0


def settings_there(settings: Settings, wanted: list[Part], options: argparse.Namespace) -> Settings:
    """The settings of the bot that goes on; raises `Reject` with all problems at once."""
    places: dict[str, Any] = {}
    problems: list[str] = []
    for part in wanted:
        given = getattr(options, part.field)
        if not given.strip():
            problems.append(f"{part.option} is empty")
            continue
        try:
            places[part.field] = part.parse(given)
        except ValueError as problem:
            problems.append(f"{part.option} {problem}")
    if places.get("image_store") == settings.image_store:
        problems.append("--to-images names where the pictures are already")
    if "queue_url" in places and (places["queue_url"] == "disk" or settings.queue_prefix is not None):
        problems.append(
            "--to-queue goes from the disk to sqs://PREFIX only, as Amazon SQS cannot be asked what it "
            "holds: let a bot work there until `status` shows that nothing is left"
        )
    if problems:
        raise Reject("\n".join(problems))
    return replace(settings, **places)


def refuse_while_bots_run(settings: Settings, since: float | None = None) -> float:
    """The bot on this `DATA_DIR` cannot be running; others on the same database tell of themselves there,
    now or some time `since`. When that was looked at, by the database's clock.
    """
    open_database(settings.database_url)
    with connected():
        now = shared_now()
        seconds = SILENT_SECONDS if since is None else max(SILENT_SECONDS, now - since)
        hosts = [bot.host for bot in heartbeat.running_bots(now, seconds)]
    if hosts:
        raise Reject(
            f"a bot is running at {', '.join(hosts)}: stop it, as nothing may change meanwhile, and run this "
            "again (a bot that was killed is believed to run for another minute)"
        )
    return now


def move_images(here: Settings, there: Settings) -> bool:
    """From one image store to the other, with a bar that shows how far it is."""
    bar = partial(tqdm, unit=" pictures", disable=None, leave=False)
    compared = move_pictures(build.image_store(here), build.image_store(there), bar)
    return report(("IN IMAGE_STORE", "COUNT"), [compared])


def move_rows(here: Settings, there: Settings) -> bool:
    """From one database to the other."""
    return report(("TABLE", "ROWS"), move_database(here.database_url, there.database_url))


def report(head: tuple[str, str], compared: list[Compared]) -> bool:
    """Print a table; whether all is there."""
    what, counted = head
    say(f"{what:<16} {counted:>10} {'HASH':<16} THERE")
    for each in compared:
        say(f"{each.name:<16} {each.source.count:>10} {each.source.digest[:16]:<16} {_there_is(each)}")
    say("")
    return all(each.is_equal for each in compared)


def move_messages(here: Settings, there: Settings) -> bool:
    """From the queues on the disk to those at Amazon SQS."""
    folder = here.data_dir / "queues"
    confirmations = Confirmations(folder / f"moved-to-{there.queue_prefix}")
    open_database(there.database_url)
    with connected(), build.queues_to_fill(there) as targets:
        compared = move_queues(partial(disk_messages, folder), targets, confirmations, there.queue_url)
    say(f"{'QUEUE':<20} {'READY, DELAYED, DEAD':<20} {'HASH':<16} {'SQS COUNTS, ABOUT':<18} THERE")
    for each in compared:
        digest = each.messages.source.digest[:16]
        say(
            f"{each.messages.name:<20} {_counted(each.here):<20} {digest:<16} {_counted(each.there):<18} "
            f"{_there_is(each.messages)}"
        )
    say("")
    fewer = sum(max(0, each.messages.target.count - sum(astuple(each.there))) for each in compared)
    if fewer:
        say(f"SQS counts {fewer} messages fewer than it has confirmed. It may be behind for a minute, and a")
        say("bot may work there already. If neither is so, they are gone: see docs/scaling.md.", "")
    return all(each.messages.is_equal for each in compared)


def _counted(counts: Counts) -> str:
    return f"{counts.ready}, {counts.delayed}, {counts.dead}"


def _there_is(compared: Compared) -> str:
    there = compared.target
    return "the same" if compared.is_equal else f"{there.count}, {there.digest[:16]}"


# The queues last: why messages failed, which SQS has no place for, goes into the database that is used then.
PARTS = (
    Part(
        "--to-images", "image_store", "IMAGE_STORE", folder_or_s3, move_images,
        "where pictures go: as IMAGE_STORE",
    ),
    Part(
        "--to-database", "database_url", "DATABASE_URL", database_address, move_rows,
        "where faces, people and votes go: as DATABASE_URL",
    ),
    Part(
        "--to-queue", "queue_url", "QUEUE_URL", queues_place, move_messages,
        "where messages go: as QUEUE_URL",
    ),
)  # fmt: skip

COMMAND = Command(arguments, run)
