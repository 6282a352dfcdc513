"""Where tagging is held up: what fails at each attempt, by place, and since when it does.

A dead letter that never can work (a `Reject`, or a bug) holds up nothing but itself, and is no stall.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tagbot.database.models.bookkeeping import Notice
from tagbot.errors import Retry
from tagbot.monitoring.heartbeat import Heartbeat
from tagbot.queues import Queue
from tagbot.training.usage import PHOTOS_WAIT
from tagbot.vocabulary import QueueName

NO_TAGGING = frozenset({QueueName.PERSON_PHOTOS})
"""Queues for which no tagging waits: the people who do are told themselves."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Something that has failed at each attempt since then, which is not since when it waits."""

    place: str
    """The messages of a queue, the queue itself, a stage that hangs or gets no messages, the photos in the
    inbox, the connections to Slack, or the database.
    """
    since: float
    """Seconds since 1970."""
    is_tried: bool = True
    """Whether there are further attempts; a message that was given up waits for `retry`."""


def of_queues(queues: Mapping[str, Queue], now: float, unusable_since: dict[str, float]) -> Iterator[Stall]:
    """Messages that fail, and queues that cannot be asked: those fail since `unusable_since`, which is
    brought up to date.
    """
    for name, queue in queues.items():
        if name in NO_TAGGING:
            continue
        try:
            failing = queue.failing()
        except Retry:
            yield Stall(f"queue {name}", unusable_since.setdefault(name, now))
            continue
        unusable_since.pop(name, None)
        if failing.tried is not None:
            yield Stall(f"messages {name}", failing.tried)
        if failing.given_up is not None:
            yield Stall(f"messages {name}", failing.given_up, is_tried=False)


def of_photos() -> Iterator[Stall]:
    """Photos that wait in the inbox for the training backend: no queue knows of them."""
    for notice in Notice.select().where(Notice.name == PHOTOS_WAIT):
        yield Stall("photos", notice.since)


def of_bots(bots: Sequence[Heartbeat], now: float) -> Iterator[Stall]:
    """Stages that hang in one of the bots, and stages and connections to Slack that work in none of them.
    The first bot is the one that asks.
    """
    for bot in bots:
        yield from (Stall(f"hanging {work['stage']}", now - work["seconds"]) for work in bot.in_hand_for_long)
    fails = [bot.stages_without_messages() for bot in bots]
    for stage in sorted(set().union(*fails)):
        runs_it = [each for bot, each in zip(bots, fails, strict=True) if stage in bot.stages]
        if runs_it and all(stage in each for each in runs_it):
            yield Stall(f"taking {stage}", max(each[stage] for each in runs_it))
    links = [bot.slack for bot in bots if bot.slack is not None]
    if links and not any(link["connections"] for link in links):
        yield Stall("the connections to Slack", links[0]["since"])


def something_waits(queues: Mapping[str, Queue], since: float) -> bool:
    """Whether a message waits since then: it may just have been put back, and fail again. A queue that cannot
    be asked may have one.
    """
    try:
        oldest = [queue.oldest() for name, queue in queues.items() if name not in NO_TAGGING]
    except Retry:
        return True
    return any(each is not None and each <= since for each in oldest)
