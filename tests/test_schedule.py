"""The timed jobs: each finds what it is for, and leaves alone what is somebody else's."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, replace
from pathlib import Path

import pytest
from peewee import OperationalError

from tagbot import schedule
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.errors import Retry
from tagbot.lib.in_flight import WorkInFlight
from tagbot.messages import FaceStored, FaceTagged, Message, PersonAdded, TrainingRefused, TrainingSent
from tagbot.monitoring.hung_stages import HANGS_SECONDS
from tagbot.monitoring.stall_alert import STALLED_SECONDS
from tagbot.sandbox.driver import Slack
from tagbot.schedule import Job, timed_jobs
from tagbot.schedule.timed_jobs import (
    DAY_SECONDS,
    LEFT_BEHIND_SECONDS,
    expire_requests,
    let_waiting_in,
    mend,
    show_changes,
    tidy_queues,
)
from tagbot.services import Services
from tagbot.slack import words
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import State
from tests.world import World, a_world, heard, ts_of


def ready(world: World) -> list[Message]:
    """Take everything that is ready, without working on it."""
    return [message for queue in world.queues for message in world.messages(queue)]


def state(face: Face) -> str:
    return str(Face.get_by_id(face.id).state)


def change(face: Face, **changes: object) -> None:
    """As if a crash had left the row so."""
    with writing():
        Face.update(**changes).where(Face.id == face.id).execute()


def vote(face: Face, tagger: str, answer: str, at: float = 1.0) -> None:
    with writing():
        Vote.put(face_id=face.id, tagger=tagger, answer=answer, round=face.round, at=at)


# --- LetWaitingIn ------------------------------------------------------------------------------------------


def test_a_face_that_waits_is_asked_about_when_there_is_a_free_place(world: World) -> None:
    face = world.face()
    change(face, pending=None)
    let_waiting_in(world.services)
    assert Face.get_by_id(face.id).pending == FaceStored(face_id=face.id).id
    world.drain()
    assert state(face) == State.OPEN


@pytest.fixture
def narrow_world(tmp_path: Path, stand_in: Slack, recogniser: LocalBackend) -> Iterator[World]:
    """Two requests may be open."""
    with a_world(tmp_path, stand_in, recogniser, MAX_OPEN_REQUESTS="2") as world:
        yield world


def test_the_oldest_go_first_and_no_more_than_there_are_places(narrow_world: World) -> None:
    world = narrow_world
    faces = [world.face(stored_at=float(10 - number)) for number in range(4)]
    with writing():
        Face.update(pending=None).execute()
    let_waiting_in(world.services)
    let_waiting_in(world.services)
    assert [message.key for message in ready(world)] == [faces[3].id, faces[2].id]


def test_dead_letters_do_not_keep_the_places_of_those_that_wait(narrow_world: World) -> None:
    world = narrow_world
    for _ in range(2):
        face = world.face()
        world.publish(FaceStored(face_id=face.id))
        delivery = world.queues["images-in-db"].get(0)
        assert delivery is not None
        delivery.bury("the picture is missing")
    waiting = world.face()
    change(waiting, pending=None)
    let_waiting_in(world.services)
    world.drain()
    assert state(waiting) == State.OPEN


# --- ShowChanges -------------------------------------------------------------------------------------------


@pytest.mark.rule("one-message")
@pytest.mark.failure("update-unanswered", shows="what happens")
def test_a_change_that_slack_was_not_told_of_is_shown(world: World) -> None:
    face = world.face(posted=True)
    vote(face, world.slack.people[0], world.slack.people[1])
    with writing():
        Face.changed(Face.id == face.id)
    show_changes(world.services)
    shown = world.slack.wait_for_message(lambda message: world.slack.people[0] in message.text)
    assert shown.ts == ts_of(face)


# --- ExpireRequests ----------------------------------------------------------------------------------------


@pytest.mark.rule("unanswered-expires")
@pytest.mark.failure("readme-people-disagree")
@pytest.mark.parametrize("days", ["14", "0.25"])
def test_a_request_that_nobody_finishes_in_time_is_closed_and_says_so(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, days: str
) -> None:
    with a_world(tmp_path, stand_in, recogniser, REQUEST_EXPIRES_DAYS=days) as world:
        _ends_unanswered(world, float(days))


def _ends_unanswered(world: World, days: float) -> None:
    face = world.face(posted=True)
    world.publish(world.answer(face, world.slack.people[0], world.slack.people[1]))
    world.drain()
    world.offset += days * DAY_SECONDS - 60
    expire_requests(world.services)
    assert ready(world) == []
    world.offset += 61
    expire_requests(world.services)
    world.drain()
    closed = Face.get_by_id(face.id)
    assert (closed.state, closed.reason, closed.pending) == (State.REJECTED, "unanswered", None)
    assert closed.closed_at is not None
    assert Vote.of(face.id) == []
    message = world.slack.message(ts_of(face))
    assert "went unanswered" in message.text
    assert not [block for block in message.blocks if block["type"] == "actions"]


def test_a_request_that_people_finish_meanwhile_is_theirs(world: World) -> None:
    face = world.face(posted=True)
    anna, ben, chiara = world.slack.people[:3]
    world.offset = 15 * DAY_SECONDS
    expire_requests(world.services)
    [expired] = world.messages("face-cleanup")
    vote(face, anna, chiara)
    vote(face, ben, chiara)
    world.publish(FaceTagged(face_id=face.id, cause="in time"))
    world.drain()
    assert state(face) == State.TAGGED
    world.publish(expired)
    world.drain()
    assert state(face) == State.TAGGED
    assert len(Vote.of(face.id)) == 2


@pytest.mark.rule("unanswered-expires")
def test_votes_that_agree_are_not_thrown_away_by_the_expiry_that_overtook_them(world: World) -> None:
    face = world.face(posted=True)
    anna, ben, chiara = world.slack.people[:3]
    vote(face, anna, chiara)
    vote(face, ben, chiara)
    world.offset = 15 * DAY_SECONDS
    expire_requests(world.services)
    world.drain()
    assert state(face) == State.OPEN
    mend(world.services)
    world.drain()
    assert state(face) == State.TAGGED


# --- Mend --------------------------------------------------------------------------------------------------


def a_stored_face(world: World) -> tuple[Face, Message]:
    """Its message got lost between the database and the queue."""
    face = world.face()
    return face, FaceStored(face_id=face.id)


def an_agreed_face(world: World) -> tuple[Face, Message]:
    """Stored votes, and no message that says so."""
    face = world.face(posted=True)
    for tagger in world.slack.people[:2]:
        vote(face, tagger, world.slack.people[2])
    return face, FaceTagged(face_id=face.id, cause="mended")


def an_unknown_face(world: World) -> tuple[Face, Message]:
    face = world.face(posted=True)
    for tagger in world.slack.people[:3]:
        vote(face, tagger, "dont_know")
    return face, FaceTagged(face_id=face.id, cause="mended")


def a_face_in_training(world: World) -> tuple[Face, Message]:
    """Claimed, and the message that claimed it is gone."""
    face = world.face(posted=True)
    claim = FaceTagged(face_id=face.id, cause="claim")
    person = Person.with_slack_id(world.slack.people[2], 1.0)
    now = world.services.now()
    with writing():
        Face.move(face.id, 1, State.OPEN, State.TRAINING, claimed_by=claim.id, closed_at=now, person=person)
    return face, claim


def a_person_without_a_name(world: World) -> tuple[Face, Message]:
    face = world.face(posted=True)
    person = Person.with_slack_id(world.slack.people[2], 1.0)
    change(face, state=State.TAGGED, person=person, tagged_at=world.services.now())
    return face, PersonAdded(person_id=person.id)


LEFT_BEHIND = [a_stored_face, an_agreed_face, an_unknown_face, a_face_in_training, a_person_without_a_name]
EACH = pytest.mark.parametrize("left_behind", LEFT_BEHIND)
LeftBehind = Callable[[World], tuple[Face, Message]]


@pytest.mark.rule("crash-anywhere")
@pytest.mark.failure("bot-killed", shows="who is told")
@EACH
def test_what_a_crash_left_half_done_is_sent_on_once(world: World, left_behind: LeftBehind) -> None:
    _, message = left_behind(world)
    world.offset = LEFT_BEHIND_SECONDS + 1
    mend(world.services)
    mend(world.services)
    assert ready(world) == [message]


@EACH
def test_what_has_just_happened_is_nobodys_leftover(world: World, left_behind: LeftBehind) -> None:
    _, message = left_behind(world)
    mend(world.services)
    # A stored face has no time of its own at which its message was due; twice is harmless there.
    assert ready(world) == ([message] if left_behind is a_stored_face else [])


@EACH
@pytest.mark.parametrize("where", ["ready", "delayed", "in hand", "dead"])
def test_what_is_under_way_or_given_up_is_left_alone(
    world: World, left_behind: LeftBehind, where: str
) -> None:
    _, message = left_behind(world)
    world.publish(message)
    queue = world.queues[message.QUEUE]
    if where != "ready":
        delivery = queue.get(0)
        assert delivery is not None
        if where == "delayed":
            delivery.retry_after(3600, "Slack is away")
        if where == "dead":
            delivery.bury("given up")
    before = queue.counts()
    world.offset = LEFT_BEHIND_SECONDS + 1
    mend(world.services)
    assert queue.counts() == before
    assert sum(sum(astuple(each.counts())) for each in world.queues.values()) == 1


@pytest.mark.parametrize("follower", [TrainingSent, TrainingRefused])
def test_a_face_whose_training_has_its_answer_on_the_way_is_left_alone(
    world: World, follower: type[TrainingSent | TrainingRefused]
) -> None:
    face, _ = a_face_in_training(world)
    reason = {"reason": "no_face"} if follower is TrainingRefused else {}
    world.publish(follower(face_id=face.id, **reason))  # type: ignore[arg-type]  # its fields
    delivery = world.queues[follower.QUEUE].get(0)
    assert delivery is not None
    delivery.bury("Slack is away")
    world.offset = LEFT_BEHIND_SECONDS + 1
    mend(world.services)
    assert ready(world) == []


@pytest.mark.rule("crash-anywhere")
@pytest.mark.failure("bot-killed", shows="what happens")
@pytest.mark.parametrize(
    ("left_behind", "end"),
    [
        (a_stored_face, State.OPEN),
        (an_agreed_face, State.TAGGED),
        (an_unknown_face, State.REJECTED),
        (a_face_in_training, State.TAGGED),
    ],
)
def test_what_is_mended_ends_well(world: World, left_behind: LeftBehind, end: str) -> None:
    face, _ = left_behind(world)
    world.offset = LEFT_BEHIND_SECONDS + 1
    mend(world.services)
    world.drain()
    assert state(face) == end


def test_a_person_without_a_name_gets_one(world: World) -> None:
    a_person_without_a_name(world)
    world.offset = LEFT_BEHIND_SECONDS + 1
    mend(world.services)
    world.drain()
    assert Person.get().name == "Chiara De Luca"


def test_nothing_is_mended_where_nothing_is_broken(world: World) -> None:
    waiting = world.face()
    change(waiting, pending=None)
    face = world.face(posted=True)
    vote(face, world.slack.people[0], world.slack.people[1])
    world.offset = LEFT_BEHIND_SECONDS + 1
    mend(world.services)
    assert ready(world) == []


# --- the timer ---------------------------------------------------------------------------------------------


def test_tidying_keeps_what_is_not_done(world: World) -> None:
    face = world.face()
    world.publish(FaceStored(face_id=face.id))
    tidy_queues(world.services)
    assert ready(world) == [FaceStored(face_id=face.id)]


def test_the_jobs_are_those_that_the_contract_rests_on() -> None:
    assert {job.run for job in schedule.jobs()} >= {
        let_waiting_in,
        show_changes,
        expire_requests,
        mend,
        tidy_queues,
    }
    hourly = {job.seconds for job in schedule.jobs() if job.seconds > 60}
    assert hourly == {timed_jobs.HOUR_SECONDS}
    assert all(job.at_start for job in schedule.jobs() if job.seconds > 60)


def test_a_job_that_fails_is_told_in_the_log_and_run_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    runs = threading.Semaphore(0)

    def stumble(_: Services) -> None:
        runs.release()
        raise ZeroDivisionError

    scheduler = schedule.start(world.services, [Job("Stumble", 0.05, stumble)])
    try:
        assert all(runs.acquire(timeout=5) for _ in range(2))
    finally:
        scheduler.shutdown()
    assert "the timed job Stumble failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_a_job_that_the_disk_keeps_from_its_work_is_told_once_and_once_when_that_is_over(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    refusals = [OperationalError("disk I/O error")] * 3
    worked = threading.Event()

    def write(_: Services) -> None:
        if refusals:
            raise refusals.pop()
        if "over" in caplog.text:
            worked.set()

    scheduler = schedule.start(world.services, [Job("Write", 0.05, write)])
    try:
        assert worked.wait(5)
    finally:
        scheduler.shutdown()
    told = [record.getMessage() for record in caplog.records if "Write" in record.getMessage()]
    assert told == [
        "the timed job Write cannot do its work: the database cannot be reached: disk I/O error",
        "the timed job Write cannot do its work: over",
    ]
    assert "Traceback" not in caplog.text


@contextmanager
def database_away(world: World) -> Iterator[None]:
    """Nobody can connect to it any more; who is connected, still is."""
    file = Path(world.settings.database_url.removeprefix("sqlite:///"))
    aside = file.rename(file.with_name("aside"))
    file.mkdir()
    yield
    file.rmdir()
    aside.rename(file)


@contextmanager
def running(services: Services, *names: str) -> Iterator[None]:
    """These jobs, more often than usual."""
    scheduler = schedule.start(
        services, [replace(job, seconds=0.05) for job in schedule.jobs() if job.name in names]
    )
    try:
        yield
    finally:
        scheduler.shutdown()


@pytest.mark.rule("held-up-without-database")
def test_a_stage_that_hangs_is_noticed_also_while_the_database_is_away(world: World) -> None:
    late = iter([0.0])
    in_flight = WorkInFlight(lambda: next(late, HANGS_SECONDS + 1))
    there = replace(world.services, in_flight=in_flight)
    with (
        heard("UndoTag hangs") as told,
        in_flight.tracking("UndoTag", "face-undo:F:1"),
        database_away(world),
        running(there, "WatchStages"),
    ):
        assert told.wait(10)


@pytest.mark.rule("held-up-without-database")
def test_the_channel_hears_of_a_hold_up_also_while_the_database_is_away(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    there = world.services  # with a link that was never connected
    world.offset = STALLED_SECONDS + 1
    with database_away(world), running(there, "SendStallAlert"):
        world.slack.wait_for_message(lambda message: message.text == words.HELD_UP)
    assert "Traceback" not in caplog.text


def test_other_jobs_wait_for_the_database(world: World) -> None:
    ran = threading.Event()
    with database_away(world), heard("the database cannot be reached") as looked:
        scheduler = schedule.start(world.services, [Job("Write", 0.05, lambda _: ran.set())])
        assert looked.wait(10)
        scheduler.shutdown()
    assert not ran.is_set()


def test_a_queue_that_cannot_be_used_keeps_the_jobs_from_no_other(world: World) -> None:
    face, message = a_person_without_a_name(world)
    waiting = world.face()
    assert waiting.id != face.id
    world.queues["images-in-db"].close()
    world.offset = LEFT_BEHIND_SECONDS + 1
    with pytest.raises(Retry, match="images-in-db"):
        mend(world.services)
    assert world.messages(message.QUEUE) == [message]
    with pytest.raises(Retry, match="images-in-db"):
        tidy_queues(world.services)
