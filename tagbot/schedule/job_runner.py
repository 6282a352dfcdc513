"""A timed job, and how it is run: by one bot at a time, and again after a failure."""

import logging
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from tagbot.database.named_lock import alone
from tagbot.database.opening import connected
from tagbot.database.outages import DatabaseAway, reached
from tagbot.errors import Reject, Retry
from tagbot.lib.outage_log import OutageLog
from tagbot.services import Services

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done every so often; each is harmless to do once too often."""

    name: str
    seconds: float
    run: Callable[[Services], None]
    at_start: bool = False
    """Whether the first time is at once."""
    in_each_bot: bool = False
    """Whether it is about the bot itself; the others are done by one bot at a time."""
    in_memory: bool = False
    """Whether it never needs the database."""
    even_alone: bool = False
    """Whether it is done also while the database is away, and no bot can know whether another one does it."""


def start(services: Services, jobs: Iterable[Job]) -> BackgroundScheduler:
    """Run the jobs in threads of their own until the scheduler is shut down."""
    scheduler = BackgroundScheduler(timezone=UTC)
    for job in jobs:
        scheduler.add_job(
            _guarded,
            "interval",
            args=(job, services, OutageLog()),
            seconds=job.seconds,
            next_run_time=datetime.now(UTC) + timedelta(seconds=0 if job.at_start else job.seconds),
            coalesce=True,
            max_instances=1,
        )
    scheduler.start()
    return scheduler


def _guarded(job: Job, services: Services, outage: OutageLog) -> None:
    """Run a job; the next run is the retry."""
    what = f"the timed job {job.name} cannot do its work"
    try:
        if job.in_memory:
            job.run(services)
        else:
            _run_on_database(job, services)
        outage.works(log, what)
    except DatabaseAway as away:
        away.log_once()
    except (Retry, Reject) as why:
        outage.fails(log, what, why.reason)
    except Exception:
        log.exception("the timed job %s failed", job.name)


def _run_on_database(job: Job, services: Services) -> None:
    """Run a job where it is this bot's to do now."""
    has_begun = False
    mine = nullcontext(enter_result=True) if job.in_each_bot else alone(f"timed job {job.name}", wait=False)
    try:
        with reached(), connected(), mine as is_mine:
            has_begun = True
            if is_mine:
                job.run(services)
    except DatabaseAway as away:
        if has_begun or not job.even_alone:
            raise
        away.log_once()
        job.run(services)
