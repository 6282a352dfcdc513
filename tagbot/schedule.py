"""The timed jobs, as a list."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from apscheduler.schedulers.background import BackgroundScheduler

from tagbot.consensus import Agreed, Unknown, consensus
from tagbot.database.connection import connected, tidy
from tagbot.database.models.faces import Face, unknown_people
from tagbot.database.models.requests import let_next_in, next_with_message
from tagbot.database.models.votes import Vote
from tagbot.database.named_lock import alone
from tagbot.database.outages import DatabaseAway, reached
from tagbot.errors import Retry
from tagbot.lib.outage_log import OutageLog
from tagbot.messages import (
    FaceStored,
    FaceTagged,
    Message,
    PersonAdded,
    Publish,
    TrainingRefused,
    TrainingSent,
)
from tagbot.monitoring import stall_alert
from tagbot.monitoring.heartbeat import Heartbeat, HeartbeatSender, bots_with_other_queues
from tagbot.queues import Queue
from tagbot.services import Services
from tagbot.slack.socket_mode.link_state import Link
from tagbot.vocabulary import RejectionReason

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOKED_AT = 100
"""So many of the oldest rows are looked at in one run: what has been left behind is older than what is
under way.
"""

LEFT_BEHIND_SECONDS = 60.0
"""How long a row stands still before it counts as left half-done."""

DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a timed job may reach for."""

    services: Services
    queues: Mapping[str, Queue]
    publish: Publish
    link: Link = field(default_factory=Link)
    give_way: Callable[[Heartbeat], None] = lambda _: None
    """Ends this bot, as another one that was there first has other queues."""
    put_clock_right: Callable[[], None] = lambda: None
    """As `SharedClock` says."""
    memory: stall_alert.Memory = field(default_factory=stall_alert.Memory)
    heartbeats: HeartbeatSender = field(default_factory=HeartbeatSender)

    def is_under_way(self, *messages: Message) -> bool:
        """Whether one of these messages is in its queue: ready, delayed, in a stage's hands or dead."""
        return any(self.queues[message.QUEUE].holds(message.id) for message in messages)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done every so often; each is harmless to do once too often."""

    name: str
    seconds: float
    run: Callable[[Surroundings], None]
    at_start: bool = False
    """Whether the first time is at once."""
    in_each_bot: bool = False
    """Whether it is about the bot itself; the others are done by one bot at a time."""
    in_memory: bool = False
    """Whether it never needs the database."""
    even_alone: bool = False
    """Whether it is done also while the database is away, and no bot can know whether another one does it."""


def let_waiting_in(around: Surroundings) -> None:
    """Fill free places in the channel that nobody filled, because a crash came between."""
    troubles = around.queues[FaceStored.QUEUE].troubles()  # counts would be two requests of Amazon SQS
    given_up = sum(trouble.count for trouble in troubles if trouble.state == "dead")
    for message in let_next_in(around.services.settings.max_open_requests, given_up):
        around.publish(message)


def show_changes(around: Surroundings) -> None:
    """Have Slack show what it does not show yet, because a crash or a failure came between."""
    around.services.updates.catch_up()


def expire_requests(around: Surroundings) -> None:
    """Close requests that nobody finished in time."""
    days = around.services.settings.request_expires_days
    for face in Face.posted_before(around.services.now() - days * DAY_SECONDS):
        expired = TrainingRefused(face_id=face.id, round=face.round, reason=RejectionReason.UNANSWERED)
        if not around.is_under_way(expired):
            around.publish(expired)


def mend(around: Surroundings) -> None:
    """Send again what was left half-done: rows whose next message is in no queue."""
    _each(_left_behind(around.services), lambda messages: _send_on(around, messages))


def _send_on(around: Surroundings, messages: Sequence[Message]) -> None:
    if not around.is_under_way(*messages):
        log.warning("mending what was left half-done: message=%s", messages[0].id)
        around.publish(messages[0])


def _left_behind(services: Services) -> Iterator[tuple[Message, ...]]:
    """By state and age: the message that would carry a row on, and those that may be doing so already."""
    before = services.now() - LEFT_BEHIND_SECONDS
    for face in next_with_message(LOOKED_AT):
        yield (FaceStored(face_id=face.id, round=face.round),)
    for face in Face.posted_before(before):
        if isinstance(consensus(Vote.of(face.id), services.settings.rule), Agreed | Unknown):
            yield (FaceTagged(face_id=face.id, round=face.round, cause="mended"),)
    for face in Face.in_training_since(before, LOOKED_AT):
        sent = TrainingSent(face_id=face.id, round=face.round)
        refused = [
            TrainingRefused(face_id=face.id, round=face.round, reason=reason) for reason in RejectionReason
        ]
        yield FaceTagged.from_id(face.claimed_by or "", face.id, face.round), sent, *refused
    for person in unknown_people(before, LOOKED_AT):
        yield (PersonAdded(person_id=person.id),)


def send_heartbeat(around: Surroundings) -> None:
    """Let `status`, which may be another process, say that this bot runs, and how it is; and go by the clock
    of all bots.

    Two bots with different queues may have started at once, or while the database was away.
    """
    around.put_clock_right()
    this = around.heartbeats.send(around.services, around.link.state)
    for other in bots_with_other_queues(around.services.settings, this.seen_at):
        if (other.started_at, other.id) < (this.started_at, this.id):  # one of the two has to go on
            around.give_way(other)
            break


def tidy_queues(around: Surroundings) -> None:
    """Drop what is done from the queues' files."""
    _each(around.queues.values(), lambda queue: queue.tidy())


def tidy_database(_: Surroundings) -> None:
    """Let those who write have less to do."""
    tidy()


def watch_stages(around: Surroundings) -> None:
    """Tell the log of a stage that hangs."""
    around.services.in_flight.watch()


def send_stall_alert(around: Surroundings) -> None:
    """Tell the channel when tagging is held up for long, and when it goes on."""
    stall_alert.send_stall_alert(around.services, around.queues, around.link, around.memory)


def _each(things: Iterable[T], act: Callable[[T], None]) -> None:
    """Act on each, also when the queue of one cannot be used; that is raised in the end."""
    problem: Retry | None = None
    for thing in things:
        try:
            act(thing)
        except Retry as why:
            problem = why
    if problem is not None:
        raise problem


JOBS = (
    Job("LetWaitingIn", 5, let_waiting_in),
    Job("ShowChanges", 15, show_changes),
    Job("ExpireRequests", 5, expire_requests),
    Job("Mend", 30, mend),
    Job("SendHeartbeat", 5, send_heartbeat, at_start=True, in_each_bot=True),
    Job("TidyQueues", 60, tidy_queues, in_each_bot=True),
    Job("TidyDatabase", 60, tidy_database, in_each_bot=True),
    Job("WatchStages", 10, watch_stages, in_each_bot=True, in_memory=True),
    Job("SendStallAlert", 20, send_stall_alert, even_alone=True),
)


JOBS_OF_EACH_BOT = tuple(job for job in JOBS if job.in_each_bot)
"""What a bot does that people's clicks do not come to: the others need Slack."""


def start(around: Surroundings, jobs: Iterable[Job] = JOBS) -> BackgroundScheduler:
    """Run the jobs in threads of their own until the scheduler is shut down."""
    scheduler = BackgroundScheduler(timezone=UTC)
    for job in jobs:
        scheduler.add_job(
            _guarded,
            "interval",
            args=(job, around, OutageLog()),
            seconds=job.seconds,
            next_run_time=datetime.now(UTC) + timedelta(seconds=0 if job.at_start else job.seconds),
            coalesce=True,
            max_instances=1,
        )
    scheduler.start()
    return scheduler


def _guarded(job: Job, around: Surroundings, outage: OutageLog) -> None:
    """Run a job; the next run is the retry."""
    what = f"the timed job {job.name} cannot do its work"
    try:
        _run(job, around)
        outage.works(log, what)
    except DatabaseAway as away:
        away.log_once()
    except Retry as why:
        outage.fails(log, what, why.reason)
    except Exception:
        log.exception("the timed job %s failed", job.name)


def _run(job: Job, around: Surroundings) -> None:
    if job.in_memory:
        job.run(around)
        return
    has_begun = False
    try:
        with reached(), connected(), _ours(job) as is_ours:
            has_begun = True
            if is_ours:
                job.run(around)
    except DatabaseAway as away:
        if has_begun or not job.even_alone:
            raise
        away.log_once()
        job.run(around)


def _ours(job: Job) -> AbstractContextManager[bool]:
    """Whether the job is this bot's to do now."""
    return nullcontext(enter_result=True) if job.in_each_bot else alone(f"timed job {job.name}", wait=False)
