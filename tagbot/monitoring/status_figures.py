"""The figures of `status`, as `status --json` prints them: what is done, what waits and why."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.consents import count_waiting_for_consent
from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.photos import photos_without_faces
from tagbot.database.opening import connected
from tagbot.database.shared_clock import shared_now
from tagbot.errors import Retry
from tagbot.monitoring.heartbeat import Heartbeat, known_bots
from tagbot.monitoring.stats_figures import of_machine
from tagbot.photos.inbox import Inbox
from tagbot.queues import Counts, SharedQueue
from tagbot.training.other_models import held_elsewhere
from tagbot.training.usage import usage

LEFT_SECONDS = 7 * 86_400.0
"""So long the operator is told that something stays of a person who was forgotten; the receipt keeps it."""

NOT_KNOWN = dict.fromkeys(asdict(Counts()))
"""The counts of a queue that cannot be counted: not zeros, which would say that nothing waits."""


def collect(
    queues: Mapping[str, SharedQueue],
    inbox: Inbox,
    this: Heartbeat | None = None,
    *,
    backend: str | None = None,
    may_vote: bool = False,
    disk: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """All figures; `this` is the bot in whose process they are collected, `backend` is TRAINING_BACKEND,
    without which nothing is told of others; `may_vote` is whether the machine can earn a vote; `disk` has the
    `disk_figures`.
    Raises `Retry` while the database is away.
    """
    by_queue = {name: of_queue(queue) for name, queue in queues.items()}
    with connected():
        now = shared_now()
        return {
            "at": utc(time.time()),
            "faces": Face.counts(),
            "queues": {name: each["counts"] for name, each in by_queue.items()},
            "oldest": {name: each["oldest"] for name, each in by_queue.items()},
            "unusable": {name: each["problem"] for name, each in by_queue.items() if each["problem"]},
            "bots": [of_bot(this if this and this.id == bot.id else bot, now) for bot in known_bots()],
            "inbox": inbox.waiting(),
            "inbox_problems": inbox.problems(),
            "disk": disk and disk | {"at": utc(disk["at"]), "full_at": utc(disk["full_at"])},
            "photos_without_faces": photos_without_faces(),
            "waiting_for_consent": count_waiting_for_consent(),
            "training": usage(time.time()),
            "held_by_other_backends": held_elsewhere(backend) if backend else {},
            "machine_vote": of_machine(may_vote=True) if may_vote else None,
            "notices": [
                *(notice.text for notice in Notice.select().order_by(Notice.since)),
                *(left_of_forgotten(each) for each in Forgetting.with_leftovers(now - LEFT_SECONDS)),
            ],
            "troubles": [
                {"queue": name, **trouble} for name, each in by_queue.items() for trouble in each["troubles"]
            ],
        }


def left_of_forgotten(forgetting: Forgetting) -> str:
    """That something stays of a person, and where."""
    return (
        f"something stays of a person who was forgotten (receipt {forgetting.id}), although it was erased "
        f"again and again: {', '.join(forgetting.found_since)}"
    )


def of_bot(bot: Heartbeat, now: float) -> dict[str, Any]:
    """`now` is by the clock by which it was seen, the database's."""
    return {
        "host": bot.host,
        "version": bot.version,
        "stages": bot.stages,
        "since": utc(bot.started_at),
        "last_seen": utc(bot.seen_at),
        "silent_seconds": round(bot.silent(now), 3),
        "queue_url": bot.queue_url,
        "slack": bot.slack and bot.slack | {"since": utc(bot.slack["since"])},
        "failing": [failure | {"since": utc(failure["since"])} for failure in bot.failing],
        "in_hand_for_long": bot.in_hand_for_long,
    }


def of_queue(queue: SharedQueue) -> dict[str, Any]:
    """A queue that cannot be used hides nothing of the others."""
    try:
        return {
            "counts": asdict(queue.counts()),
            "oldest": utc(queue.oldest()),
            "troubles": [
                asdict(trouble) | {"since": utc(trouble.since), "until": utc(trouble.until)}
                for trouble in queue.troubles()
            ],
            "problem": "",
        }
    except Retry as why:
        return {"counts": NOT_KNOWN, "oldest": None, "troubles": [], "problem": why.reason}


def utc(seconds: float | None) -> str | None:
    """A time in seconds since 1970 as text."""
    return (
        seconds
        if seconds is None
        else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    )
