"""The timed jobs, as a list."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler

from tagbot.database import connected
from tagbot.models import Face
from tagbot.publish import Publish
from tagbot.queues import Queue
from tagbot.services import Services
from tagbot.waiting import let_next_in

log = logging.getLogger(__name__)

LOOKED_AT = 100
"""So many of the oldest faces on their way are looked at in one run: the messages of older ones come first."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a timed job may reach for."""

    services: Services
    queues: Mapping[str, Queue]
    publish: Publish


@dataclass(frozen=True, slots=True)
class Job:
    """Something done every so often; each is harmless to do once too often."""

    name: str
    seconds: float
    run: Callable[[Surroundings], None]


def let_waiting_in(around: Surroundings) -> None:
    """Fill free places in the channel that nobody filled, because a crash came between."""
    for face in Face.oldest_on_their_way(LOOKED_AT):
        if face.pending and not around.queues["images-in-db"].holds(face.pending):
            Face.note(face.id, pending=None)
    for message in let_next_in(around.services.settings.max_open_requests):
        around.publish(message)


def show_changes(around: Surroundings) -> None:
    """Have Slack show what it does not show yet, because a crash or a failure came between."""
    around.services.updates.catch_up()


def tidy_queues(around: Surroundings) -> None:
    """Drop what is done from the queues' files."""
    for queue in around.queues.values():
        queue.tidy()


JOBS = (
    Job("LetWaitingIn", 5, let_waiting_in),
    Job("ShowChanges", 15, show_changes),
    Job("TidyQueues", 60, tidy_queues),
)


def start(around: Surroundings) -> BackgroundScheduler:
    """Run the jobs in threads of their own until the scheduler is shut down."""
    scheduler = BackgroundScheduler(timezone=UTC)
    for job in JOBS:
        scheduler.add_job(
            _guarded, "interval", args=(job, around), seconds=job.seconds, coalesce=True, max_instances=1
        )
    scheduler.start()
    return scheduler


def _guarded(job: Job, around: Surroundings) -> None:
    """Run a job; the next run is the retry."""
    try:
        with connected():
            job.run(around)
    except Exception:
        log.exception("the timed job %s failed", job.name)
