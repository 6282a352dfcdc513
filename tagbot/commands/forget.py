"""`python bot.py forget`: everything goes that says who a person is or shows their face."""

import argparse
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from tagbot import build
from tagbot.commands.command import Command
from tagbot.database.models.forgettings import Forgetting, Marks
from tagbot.database.models.marks import ids_of, is_known, marks_of, marks_of_name
from tagbot.database.named_lock import alone
from tagbot.database.opening import connected, open_database
from tagbot.database.outages import reached
from tagbot.errors import Retry
from tagbot.lib import failpoints
from tagbot.lib.process_lock import AlreadyRunning
from tagbot.lib.terminal import complain, say
from tagbot.lib.typed_ids import ACCOUNT, OWN_ID, account_meant, ids_meant, without_quotes
from tagbot.maintenance.forgetting import receipt
from tagbot.maintenance.forgetting.parts import Parts
from tagbot.maintenance.forgetting.steps import begin, go_on, publish_go_on
from tagbot.settings import Settings
from tagbot.vocabulary import StageName, WayToForget

PATIENCE = 60.0
"""Seconds for which what it stands on may fail; then the rest is the bot's, which tries for an hour."""

LONGEST = 600.0
"""Seconds to wait for a running bot."""

LOOK_SECONDS = 0.2


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "person", nargs="+", metavar="P", help="a Slack id, a person's id, or a name that only one person has"
    )
    parser.add_argument(
        "--never-again", action="store_true", help="keep their Slack account out from now on, too"
    )


def run(settings: Settings, options: argparse.Namespace) -> int:
    open_database(settings.database_url)
    with connected():
        marks = whose_marks(" ".join(options.person))
    if marks is None:
        complain("Several people have this name. Take an id of `python bot.py people`.")
        return 1
    if options.never_again and not marks.slack_ids:
        complain("Only a Slack account can be kept out, and this person has none. Nothing was changed.")
        return 1
    asked, how = str(uuid.uuid4()), {"way": WayToForget.COMMAND, "never_again": options.never_again}
    key = build.opt_out_key(settings)
    try:
        with build.queues(settings) as queues, _working(settings, queues) as parts, connected():
            # One that a crash cut off is finished first.
            for earlier in Forgetting.unfinished():
                _forget_here(earlier.id, parts)
            begin(asked, marks, key, parts.now(), **how)
            return _tell(*_forget_here(asked, parts))
    except AlreadyRunning:
        with build.queues_beside(settings) as beside, connected():
            begin(asked, marks, key, time.time(), **how)
            publish_go_on(beside, asked, part=1)
            return _tell(*_forgotten_by_bot(asked))


def whose_marks(typed: str) -> Marks | None:
    """All by which the person who is meant is recognised; None where several have the name."""
    text = without_quotes(typed)
    ids = [each for each in ids_meant(typed) if ACCOUNT.fullmatch(each) or OWN_ID.fullmatch(each)]
    named = ids_of(text)
    if one := next(filter(is_known, ids), None):
        return marks_of(one)
    if len(named) > 1:
        return None
    if one := next(iter(named), None) or account_meant(text):
        return marks_of(one)
    if OWN_ID.fullmatch(text):
        return marks_of(ids[-1])
    if text in ids and text.isupper():
        # Nothing tells whether it is an id or a name in capitals; what waits may have either.
        return marks_of(text).joined(marks_of_name(text))
    return marks_of_name(text)


@contextmanager
def _working(settings: Settings, queues: build.Queues) -> Iterator[Parts]:
    """The parts of a bot, without its threads but the one that shows changes in Slack."""
    quiet = threading.Event()
    services = build.services(settings, queues, quiet)
    thread = threading.Thread(target=services.updates.run, name="updates", daemon=True)
    thread.start()
    try:
        yield services
    finally:
        quiet.set()
        services.updates.wake()
        thread.join()
        services.training.close()
        services.decoder.close()


def _forget_here(asked: str, parts: Parts) -> tuple[Forgetting, str | None]:
    """As the stage does, while no bot runs on this DATA_DIR; and why it is not finished, where it fails."""
    until, stage = time.monotonic() + PATIENCE, StageName.FORGET_PERSON
    part, more, problem = 1, True, None
    while more and time.monotonic() < until:
        try:
            with reached(), alone(f"{stage} {asked}"), failpoints.working_on(stage):
                more = go_on(asked, part, parts)
            part, problem, until = part + 1, None, time.monotonic() + PATIENCE
        except Retry as why:
            problem = why.reason
            time.sleep(min(1.0, max(LOOK_SECONDS, why.after or 0.0)))
    done = Forgetting.get_by_id(asked)
    if done.finished_at is None and not done.found_nothing:
        publish_go_on(parts.queues, asked, part=part)
    return done, problem


def _forgotten_by_bot(asked: str) -> tuple[Forgetting, str | None]:
    """By the one that runs."""
    until = time.monotonic() + LONGEST
    while (done := Forgetting.get_by_id(asked)).finished_at is None and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
    return done, None if done.finished_at is not None else "the bot that runs is still at it"


def _tell(done: Forgetting, problem: str | None) -> int:
    """Print the receipt; one of nothing is not kept."""
    if done.found_nothing:
        Forgetting.drop(done.id)
        say(receipt.NOTHING)
    else:
        say(*receipt.in_words(done))
        if done.finished_at is None:
            say(receipt.LEFT_TO_BOT)
    if done.never_again:
        say(receipt.KEPT_OUT)
    if problem is not None:
        complain(f"Not finished yet: {problem}. The bot goes on by itself when it runs.")
    return 1 if problem is not None else 0


COMMAND = Command(arguments, run)
