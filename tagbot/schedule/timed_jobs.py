"""The timed jobs, as a list."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from tagbot.consensus import Agreed, Unknown
from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.consents import cannot_be_asked, consented_and_waiting, people_to_look_at
from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face, known_accounts, unknown_people, unseen_people
from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.guesses import outcome
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.places import next_with_message
from tagbot.database.opening import tidy
from tagbot.errors import Retry
from tagbot.lib import failpoints
from tagbot.lib.logged_ids import logged
from tagbot.messages import (
    ConsentChanged,
    FaceFound,
    FaceStored,
    FaceTagged,
    ForgetAsked,
    Message,
    PersonAdded,
    TrainingRefused,
    TrainingSent,
)
from tagbot.monitoring import disk_figures, hung_stages, stall_alert
from tagbot.monitoring.heartbeat import HeartbeatSender, bots_with_other_queues, other_queues
from tagbot.schedule.job_runner import Job
from tagbot.services import Services

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOKED_AT = 100
"""So many of the oldest rows are looked at in one run: what has been left behind is older than what is
under way.
"""

ASKED_AT_ONCE = 10
"""People of whom consent is asked in one run, no more than Slack allows: their answers come the same way."""

ANOTHER_KEY = "opt-out.key"
"""The name of a notice."""

LEFT_BEHIND_SECONDS = 60.0
"""How long a row stands still before it counts as left half-done."""

HOUR_SECONDS = 3_600.0

DAY_SECONDS = 86_400.0

LEFT = "left Slack"
"""The name of a notice."""

SCOPES = "scopes"
"""The name of a notice."""

NOT_ASKED = "cannot be asked"
"""The name of a notice."""


def is_under_way(services: Services, *messages: Message) -> bool:
    """Whether one of these messages is in its queue: ready, delayed, in a stage's hands or dead."""
    return any(services.queues[message.QUEUE].holds(message.id) for message in messages)


def let_waiting_in(services: Services) -> None:
    """Fill free places in the channel that nobody filled, because a crash came between."""
    troubles = services.queues[FaceStored.QUEUE].troubles()  # counts would be two requests of Amazon SQS
    given_up = sum(trouble.count for trouble in troubles if trouble.state == "dead")
    for message in services.places.let_next_in(given_up):
        services.publish(message)


def ask_lost_again(services: Services) -> None:
    """Ask again about faces whose request was deleted, or is in a channel that does not tag any more."""
    if services.updates.ask_lost_again():
        let_waiting_in(services)


def show_changes(services: Services) -> None:
    """Have Slack show what it does not yet: a crash or a failure came between, or a command changed it."""
    services.updates.catch_up()


def expire_requests(services: Services) -> None:
    """Close requests that nobody finished in time."""
    days = services.settings.request_expires_days
    for face in Face.posted_before(services.now() - days * DAY_SECONDS):
        expired = TrainingRefused.unanswered(face.id, face.round)
        if not is_under_way(services, expired):
            services.publish(expired)


def mend(services: Services) -> None:
    """Send again what was left half-done: rows whose next message is in no queue."""

    def send_on(messages: Sequence[Message]) -> None:
        if not is_under_way(services, *messages):
            log.warning("mending what was left half-done: message=%s", logged(messages[0].id))
            services.publish(messages[0])

    _each(_left_behind(services), send_on)


def _left_behind(services: Services) -> Iterator[tuple[Message, ...]]:
    """By state and age: the message that would carry a row on, and those that may be doing so already."""
    before = services.now() - LEFT_BEHIND_SECONDS
    for face in next_with_message(LOOKED_AT):
        found = FaceFound(face_id=face.id, round=face.round)
        stored = FaceStored(face_id=face.id, round=face.round)
        yield (found, stored) if face.pending == found.id else (stored,)
    for face in Face.posted_before(before):
        if isinstance(outcome(face.id, face.round, services.settings.rule), Agreed | Unknown):
            yield (FaceTagged(face_id=face.id, round=face.round, cause="mended"),)
    for face in Face.in_training_since(before, LOOKED_AT):
        sent = TrainingSent(face_id=face.id, round=face.round)
        refused = TrainingRefused.for_each_reason(face.id, face.round)
        yield FaceTagged.from_id(face.claimed_by or "", face.id, face.round), sent, *refused
    for person in unknown_people(before, LOOKED_AT):
        yield (PersonAdded(person_id=person.id),)
    for receipt, part in Forgetting.left_behind(before):
        yield ForgetAsked(receipt=receipt, part=part + 1), ForgetAsked(receipt=receipt, part=part)


def follow_consent(services: Services) -> None:
    """Do what follows from what people said, or from what is set now: a command may have noted it, or a crash
    have come between.
    """
    _note(ANOTHER_KEY, OptOut.problem(services.opt_out_key) or "", services.now())
    _note(NOT_ASKED, cannot_be_asked() if services.settings.requires_consent else "", services.now())
    follows: list[Message] = [*consented_and_waiting(LOOKED_AT)]
    people = people_to_look_at(required=services.settings.requires_consent, limit=ASKED_AT_ONCE)
    follows += [ConsentChanged(person=person.slack_id or person.id) for person in people]

    def send_on(message: Message) -> None:
        if not is_under_way(services, message):
            services.publish(message)

    _each(follows, send_on)


def follow_merges(services: Services) -> None:
    """Have the model follow people who were merged or parted: a command may have done that, or a crash have
    come between.
    """
    with failpoints.working_on("FollowMerges"):
        services.follow_merges()


def tell_of_photos(services: Services) -> None:
    """Tell who posted a photo what came of it."""
    services.tell_of_photos()


def tell_of_given_up(services: Services) -> None:
    """Tell people of what they wanted and was given up, each once."""
    services.tell_of_given_up()


def take_missed_photos(services: Services) -> None:
    """Take in photos that were posted while Slack reached no bot."""
    services.take_missed_photos()


def send_digest(services: Services) -> None:
    """Tell the channel what waits for answers, at nine in the morning."""
    services.send_digest()


def describe_anew(services: Services) -> None:
    """Have faces described anew whose vectors another model made."""
    services.training.describe_anew(services.crop, services.now())


def send_heartbeat(sender: HeartbeatSender, services: Services) -> None:
    """Let `status`, which may be another process, say that this bot runs, and how it is; and go by the clock
    of all bots.

    Two bots with different queues may have started at once, or while the database was away: the younger one
    stops.
    """
    services.put_clock_right()
    this = sender.send(services)
    for other in bots_with_other_queues(services.settings, this.seen_at):
        if (other.started_at, other.id) < (this.started_at, this.id):
            reason = other_queues(services.settings, other)
            log.error("stopping: %s", reason)
            services.shutdown.because(reason)
            break


def let_pictures_go(services: Services) -> None:
    """Delete pictures that have been kept for long enough."""
    if (days := services.settings.keep_pictures_days) is not None:
        services.let_pictures_go(services.now() - days * DAY_SECONDS)


def forget_vectors(services: Services) -> None:
    """Of faces that are closed, and of all where no face is compared any more: a crash or another setting may
    have left them.
    """
    FaceVector.sweep(all_of_them=not services.settings.compares_faces)


def forget_unseen(services: Services) -> None:
    """Have people forgotten who were in no new photo for `FORGET_AFTER_DAYS`."""
    if days := services.settings.forget_after_days:
        for person_id in unseen_people(services.now() - days * DAY_SECONDS):
            services.publish(ForgetAsked.unseen(person_id))


def count_who_left(services: Services) -> None:
    """Let `status` say how many people have left Slack, so that an admin can have them forgotten."""
    left = services.slack.members.who_left(known_accounts())
    people = "1 person who is" if left == 1 else f"{left} people who are"
    problem = f"{people} known here left Slack: `forget` makes all go that is kept" if left else ""
    _note(LEFT, problem, services.now())


def look_at_scopes(services: Services) -> None:
    """Let `status` name the scopes that the app lacks, as after an upgrade; the rest goes on without them."""
    missing = ", ".join(services.slack.missing_scopes())
    problem = f"the Slack app lacks the scope {missing}: what needs it waits; `check` says how to add it"
    if _note(SCOPES, problem if missing else "", services.now()):
        log.warning("%s", problem)


def _note(name: str, problem: str, now: float) -> bool:
    """Put a notice, or clear it where there is no problem; whether it is a new problem."""
    known = Notice.get_or_none(Notice.name == name)
    is_new = bool(problem) and (known is None or known.text != problem)
    if is_new or (known is not None and not problem):
        Notice.clear(name)
    if is_new:
        Notice.put(name, problem, now)
    return is_new


def tidy_queues(services: Services) -> None:
    """Drop what is done from the queues' files."""
    _each(services.queues.values(), lambda queue: queue.tidy())


def tidy_database(_: Services) -> None:
    """Let those who write have less to do."""
    tidy()


def watch_stages(services: Services) -> None:
    """Tell the log of a stage that hangs."""
    hung_stages.watch(services.in_flight)


def measure_disk(services: Services) -> None:
    """Note for `status` how much lies where."""
    try:
        disk_figures.measure(services.settings, services.now())
    except OSError as why:
        raise Retry(f"the disk cannot be measured: {why.strerror}") from why


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


def jobs() -> tuple[Job, ...]:
    """The timed jobs of one bot; two of them remember what they sent last."""
    heartbeats, stall_alerts = HeartbeatSender(), stall_alert.Memory()
    return (
        Job("LetWaitingIn", 5, let_waiting_in),
        Job("AskLostAgain", 10, ask_lost_again, at_start=True),
        Job("ShowChanges", 5, show_changes),
        Job("ExpireRequests", 5, expire_requests),
        Job("Mend", 30, mend),
        Job("LetPicturesGo", HOUR_SECONDS, let_pictures_go, at_start=True),
        Job("ForgetVectors", HOUR_SECONDS, forget_vectors, at_start=True),
        Job("ForgetUnseen", HOUR_SECONDS, forget_unseen, at_start=True),
        Job("CountWhoLeft", HOUR_SECONDS, count_who_left, at_start=True),
        Job("LookAtScopes", HOUR_SECONDS, look_at_scopes, at_start=True),
        Job("FollowConsent", 10, follow_consent, at_start=True),
        Job("FollowMerges", 2, follow_merges, at_start=True),
        Job("TellOfPhotos", 1, tell_of_photos),
        Job("TakeMissedPhotos", 5, take_missed_photos),
        Job("TellOfGivenUp", 5, tell_of_given_up),
        Job("SendDigest", 20, send_digest, at_start=True),
        Job("DescribeAnew", 60, describe_anew),
        Job("SendHeartbeat", 5, partial(send_heartbeat, heartbeats), at_start=True, in_each_bot=True),
        # So often that what was deleted is gone from all files within a minute, also after a run that failed.
        Job("TidyQueues", 20, tidy_queues, in_each_bot=True),
        Job("TidyDatabase", 20, tidy_database, in_each_bot=True),
        Job("MeasureDisk", 3600, measure_disk, at_start=True, in_each_bot=True, in_memory=True),
        Job("WatchStages", 10, watch_stages, in_each_bot=True, in_memory=True),
        Job("SendStallAlert", 20, partial(stall_alert.send_stall_alert, stall_alerts), even_alone=True),
    )


def jobs_of(services: Services) -> tuple[Job, ...]:
    """Those that this bot runs: one that hears nothing of people leaves those to others that need Slack."""
    hears_people = services.settings.hears_people
    return tuple(job for job in jobs() if hears_people or job.in_each_bot)
