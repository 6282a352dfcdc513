"""What becomes of a message: the fates, the order of writing, and the exclusion of one key."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from peewee import DatabaseError, IntegrityError, OperationalError

from tagbot import build
from tagbot.database.opening import open_database
from tagbot.errors import Reject, Retry
from tagbot.lib.key_locks import KeyLocks
from tagbot.messages import FaceStored, FaceTagged, Message, PersonAdded
from tagbot.pipeline import Stage
from tagbot.queues import Counts, Delivery, Queue
from tagbot.queues.disk import disk_queues
from tagbot.queues.publish import publish
from tagbot.services import Services
from tagbot.settings import Settings
from tagbot.worker import Worker
from tests.world import DATABASE, new_database

READS, WRITES = FaceStored.QUEUE, FaceTagged.QUEUE

Run = Callable[[FaceStored, Services], Iterable[Message]]


@dataclass
class Bench:
    """A worker for a stage of the test's own, on real queues."""

    queues: dict[str, Queue]
    services: Services
    clock: list[float]
    made: list[Worker] = field(default_factory=list)

    def worker(self, run: Run, **more: object) -> Worker:
        stage = Stage("Trial", FaceStored, run, emits=(FaceTagged,))
        stage = replace(stage, **more)  # type: ignore[arg-type]  # fields of Stage
        return Worker(stage, self.queues[READS], replace(self.services, queues=self.queues))

    def put(self, face_id: str = "F") -> None:
        publish(self.queues, FaceStored(face_id=face_id))

    def counts(self, queue: str = READS) -> Counts:
        return self.queues[queue].counts()

    def reason(self) -> str:
        [trouble] = self.queues[READS].troubles()
        return trouble.error

    def pass_time(self, seconds: float) -> None:
        self.clock[0] += seconds


@pytest.fixture
def services(tmp_path: Path) -> Services:
    """The parts of a bot; the trial stages use none but the settings."""
    settings = Settings.from_env({"DATA_DIR": str(tmp_path), "RETRY_BASE_SECONDS": "0.05"}, for_slack=False)
    open_database(new_database(tmp_path / DATABASE))
    return build.services(settings, {}, threading.Event(), timeout=1)


@pytest.fixture
def bench(tmp_path: Path, services: Services) -> Iterator[Bench]:
    clock = [1_800_000_000.0]
    with disk_queues(tmp_path / "queues", [READS, WRITES], lambda: clock[0]) as queues:
        yield Bench(dict(queues), services, clock)


def with_settings(services: Services, **changes: object) -> Services:
    settings: Settings = replace(services.settings, **changes)  # type: ignore[arg-type]  # fields of Settings
    return replace(services, settings=settings)


def raising(problem: Exception) -> Run:
    def run(*_: object) -> Iterable[Message]:
        raise problem

    return run


def test_a_message_that_is_done_is_gone_and_what_follows_is_there(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    bench.put()
    assert bench.worker(lambda message, _: [FaceTagged(face_id=message.face_id, cause="x")]).work_once(0)
    assert bench.counts() == Counts()
    assert bench.counts(WRITES) == Counts(ready=1)
    [line] = [record for record in caplog.records if record.name == "tagbot.worker"]
    assert line.getMessage().startswith("Trial done message=images-in-db:F:1 attempt=1 ")
    assert (line.levelname, vars(line)["action"], vars(line)["stage"]) == ("INFO", "done", "Trial")


def test_without_a_message_there_is_nothing_to_do(bench: Bench) -> None:
    assert not bench.worker(lambda *_: ()).work_once(0)


@pytest.mark.rule("retry-then-dead-letter")
@pytest.mark.failure("recogniser-crashes", "post-unanswered", shows="who is told")
def test_a_busy_world_delays_a_message_and_says_why(bench: Bench) -> None:
    bench.put()
    assert bench.worker(raising(Retry("Slack is away"))).work_once(0)
    assert bench.counts() == Counts(delayed=1)
    assert bench.reason() == "Slack is away"


@pytest.mark.failure("disk-full", shows="what happens")
@pytest.mark.parametrize("refusal", [OperationalError("database is locked"), DatabaseError("malformed")])
def test_a_database_that_the_disk_refuses_delays_a_message(bench: Bench, refusal: Exception) -> None:
    bench.put()
    bench.worker(raising(refusal)).work_once(0)
    assert bench.counts() == Counts(delayed=1)
    assert bench.reason() == f"the database cannot be reached: {refusal}"


def test_a_wrong_use_of_the_database_is_a_bug(bench: Bench) -> None:
    bench.put()
    bench.worker(raising(IntegrityError("NOT NULL"))).work_once(0)
    assert bench.reason() == "bug: IntegrityError"


@pytest.mark.rule("retry-after")
def test_retry_after_is_obeyed_where_it_is_longer_than_the_backoff(bench: Bench) -> None:
    bench.put()
    worker = bench.worker(raising(Retry("rate limited", after=30.0)))
    worker.work_once(0)
    bench.pass_time(29.9)
    assert not worker.work_once(0)
    bench.pass_time(0.2)
    assert worker.work_once(0)


def test_a_shorter_retry_after_does_not_shorten_the_backoff(bench: Bench) -> None:
    bench.services = with_settings(bench.services, retry_base_seconds=10.0, retry_max_seconds=300.0)
    bench.put()
    worker = bench.worker(raising(Retry("rate limited", after=0.1)))
    worker.work_once(0)
    bench.pass_time(4.9)
    assert not worker.work_once(0)
    bench.pass_time(5.2)
    assert worker.work_once(0)


@pytest.mark.rule("retry-then-dead-letter")
def test_the_attempts_are_counted_and_after_the_last_one_the_message_is_a_dead_letter(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.services = with_settings(bench.services, max_attempts=3)
    bench.put()
    worker = bench.worker(raising(Retry("Slack is away")))
    for _ in range(2):
        worker.work_once(0)
        assert bench.counts() == Counts(delayed=1)
        bench.pass_time(1.0)
    worker.work_once(0)
    assert bench.counts() == Counts(dead=1)
    assert bench.reason() == "Slack is away"
    assert "Trial gave up message=images-in-db:F:1 attempt=3" in caplog.text


def test_a_redriven_dead_letter_has_all_its_attempts_again(bench: Bench) -> None:
    bench.services = with_settings(bench.services, max_attempts=1)
    bench.put()
    worker = bench.worker(raising(Retry("Slack is away")))
    worker.work_once(0)
    bench.queues[READS].redrive()
    bench.services = with_settings(bench.services, max_attempts=2)
    bench.worker(raising(Retry("still away"))).work_once(0)
    assert bench.counts() == Counts(delayed=1)


@pytest.mark.failure("inbox-away", shows="what happens")
def test_a_stage_that_never_gives_up_has_no_dead_letters(bench: Bench) -> None:
    bench.services = with_settings(bench.services, max_attempts=1)
    bench.put()
    bench.worker(raising(Retry("the disk is full")), gives_up=False).work_once(0)
    assert bench.counts() == Counts(delayed=1)


def test_what_can_never_work_is_a_dead_letter_at_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.put()
    bench.worker(raising(Reject("no such face"))).work_once(0)
    assert bench.counts() == Counts(dead=1)
    assert bench.reason() == "no such face"
    [line] = caplog.records
    assert line.levelname == "WARNING"
    assert "Trial rejected message=images-in-db:F:1" in line.getMessage()
    assert not line.exc_info


def test_a_bug_is_a_dead_letter_with_its_traceback_in_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.put()
    bench.worker(raising(ZeroDivisionError("oh"))).work_once(0)
    assert bench.counts() == Counts(dead=1)
    assert bench.reason() == "bug: ZeroDivisionError"
    assert "Traceback" in caplog.text
    assert "ZeroDivisionError: oh" in caplog.text


def test_an_output_that_the_stage_does_not_declare_is_a_bug(bench: Bench) -> None:
    bench.put()
    bench.worker(lambda *_: [PersonAdded(person_id="P")]).work_once(0)
    assert bench.counts() == Counts(dead=1)
    assert bench.reason() == "bug: TypeError"
    assert bench.counts(WRITES) == Counts()


def test_a_message_that_cannot_be_read_is_a_dead_letter(bench: Bench) -> None:
    bench.queues[READS].put("odd", "F", {"nothing": "known"})
    bench.worker(lambda *_: ()).work_once(0)
    assert bench.counts() == Counts(dead=1)
    assert bench.reason().startswith("not a FaceStored message")


def test_outputs_are_on_the_disk_before_the_message_is_acknowledged(bench: Bench) -> None:
    bench.put()
    seen: list[tuple[Counts, Counts]] = []

    def run(message: FaceStored, _: Services) -> Iterator[Message]:
        yield FaceTagged(face_id=message.face_id, cause="first")
        seen.append((bench.counts(), bench.counts(WRITES)))
        yield FaceTagged(face_id=message.face_id, cause="second")

    bench.worker(run).work_once(0)
    assert seen == [(Counts(in_flight=1), Counts(ready=1))]
    assert bench.counts(WRITES) == Counts(ready=2)


@pytest.mark.rule("crash-anywhere")
def test_a_crash_between_the_outputs_and_the_acknowledgement_brings_the_message_again(
    tmp_path: Path, services: Services
) -> None:
    class Crash(BaseException):
        """As if the power went."""

    crashes = [Crash()]

    def run(message: FaceStored, _: Services) -> Iterator[Message]:
        yield FaceTagged(face_id=message.face_id, cause="x")
        if crashes:
            raise crashes.pop()

    directory = tmp_path / "queues"
    with disk_queues(directory, [READS, WRITES]) as queues:
        bench = Bench(dict(queues), services, [])
        bench.put()
        with pytest.raises(Crash):
            bench.worker(run).work_once(0)
    with disk_queues(directory, [READS, WRITES]) as queues:
        bench = Bench(dict(queues), services, [])
        assert (bench.counts(), bench.counts(WRITES)) == (Counts(ready=1), Counts(ready=1))
        assert bench.worker(run).work_once(0)
        # The output is the same fact told twice, so it is there once.
        assert (bench.counts(), bench.counts(WRITES)) == (Counts(), Counts(ready=1))


def test_an_output_that_cannot_be_stored_delays_the_message(bench: Bench) -> None:
    bench.put()
    bench.queues[WRITES].close()
    bench.worker(lambda message, _: [FaceTagged(face_id=message.face_id)]).work_once(0)
    assert bench.counts() == Counts(delayed=1)
    assert bench.reason().startswith("the queue face-tagged cannot be reached")


def running(worker: Worker, stop: threading.Event, number: int = 1) -> list[threading.Thread]:
    threads = [threading.Thread(target=worker.run, args=(stop,)) for _ in range(number)]
    for thread in threads:
        thread.start()
    return threads


def end(threads: list[threading.Thread], stop: threading.Event) -> None:
    stop.set()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


def test_a_worker_lives_on_after_a_bug_and_after_a_rejection(bench: Bench) -> None:
    done, stop = threading.Event(), threading.Event()
    problems = {"F1": ZeroDivisionError(), "F2": Reject("never"), "F3": Retry("busy")}

    def run(message: FaceStored, _: Services) -> tuple[()]:
        if message.face_id in problems:
            raise problems[message.face_id]
        done.set()
        return ()

    for face_id in (*problems, "F4"):
        bench.put(face_id)
    threads = running(bench.worker(run), stop)
    assert done.wait(10)
    end(threads, stop)
    assert bench.counts() == Counts(dead=2, delayed=1)


@pytest.mark.rule("told-to-stop")
def test_what_is_in_hand_when_the_worker_is_told_to_stop_is_finished(bench: Bench) -> None:
    started, go_on, stop = threading.Event(), threading.Event(), threading.Event()

    def run(message: FaceStored, _: Services) -> Iterator[Message]:
        started.set()
        assert go_on.wait(10)
        yield FaceTagged(face_id=message.face_id)

    bench.put("F1")
    bench.put("F2")
    threads = running(bench.worker(run), stop)
    assert started.wait(10)
    stop.set()
    go_on.set()
    end(threads, stop)
    assert bench.counts() == Counts(ready=1)
    assert bench.counts(WRITES) == Counts(ready=1)


@dataclass
class Unreadable:
    """A queue that fails at two looks, and notes what `status` is told of it at the third."""

    queue: Queue
    problem: Exception
    services: Services
    looks: int = 0
    told: list[str] = field(default_factory=list)

    def get(self, timeout: float) -> object:
        self.looks += 1
        if self.looks <= 2:
            raise self.problem
        self.told += [failure.reason for failure in self.services.in_flight.health.failing()]
        return self.queue.get(timeout)


@pytest.mark.failure("readme-disk-full", "inbox-away", "disk-full", "queue-locked", shows="who is told")
@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (
            Retry("the queue images-in-db cannot be reached: disk I/O error"),
            "the queue images-in-db cannot be reached: disk I/O error",
        ),
        (ZeroDivisionError("oh"), "bug: ZeroDivisionError"),
    ],
)
def test_whatever_keeps_a_stage_from_its_messages_is_tried_again_and_told_once(
    bench: Bench, caplog: pytest.LogCaptureFixture, problem: Exception, reason: str
) -> None:
    done, stop = threading.Event(), threading.Event()
    bench.put()

    def run(*_: object) -> tuple[()]:
        done.set()
        return ()

    unreadable = Unreadable(bench.queues[READS], problem, bench.services)
    worker = replace(bench.worker(run), deliveries=unreadable)  # type: ignore[arg-type]  # its deliveries are the queue's
    threads = running(worker, stop)
    assert done.wait(10)
    end(threads, stop)
    lines = [record for record in caplog.records if "cannot take" in record.getMessage()]
    assert [line.getMessage() for line in lines] == [
        f"Trial cannot take messages: {reason}",
        "Trial cannot take messages: over",
    ]
    assert bool(lines[0].exc_info) == (not isinstance(problem, Retry)), "a bug comes with its traceback"
    assert unreadable.told == [f"Trial: {reason}"]
    assert not bench.services.in_flight.health.failing()


@dataclass
class Unsettled:
    """A delivery of which the queue does not hear, by a mistake of ours, what became of it."""

    real: Delivery

    def __getattr__(self, name: str) -> object:
        if name in ("ack", "bury", "retry_after"):
            raise ZeroDivisionError(name)
        return getattr(self.real, name)


@dataclass
class FirstUnsettled:
    """A queue whose first delivery is `Unsettled`."""

    queue: Queue
    first: bool = True

    def get(self, timeout: float) -> object:
        delivery = self.queue.get(timeout)
        first, self.first = self.first, False
        return Unsettled(delivery) if first and delivery is not None else delivery


@pytest.mark.parametrize("problem", [None, Reject("never"), Retry("busy"), ZeroDivisionError("oh")])
def test_a_worker_lives_on_when_it_cannot_say_what_became_of_a_message(
    bench: Bench, problem: Exception | None
) -> None:
    done, stop = threading.Event(), threading.Event()

    def run(message: FaceStored, _: Services) -> tuple[()]:
        if message.face_id == "F2":
            done.set()
        elif problem is not None:
            raise problem
        return ()

    bench.put("F1")
    bench.put("F2")
    worker = replace(bench.worker(run), deliveries=FirstUnsettled(bench.queues[READS]))  # type: ignore[arg-type]  # as above
    threads = running(worker, stop)
    assert done.wait(10)
    end(threads, stop)
    assert bench.counts() == Counts(in_flight=1)


def test_one_face_is_never_in_two_hands_of_a_stage_at_once(bench: Bench) -> None:
    inside: set[str] = set()
    together: list[str] = []
    left = threading.Semaphore(0)
    stop = threading.Event()

    def run(message: FaceStored, _: Services) -> tuple[()]:
        if message.face_id in inside:
            together.append(message.face_id)
        inside.add(message.face_id)
        time.sleep(0.01)  # long enough for the other thread to come in, if it could
        inside.discard(message.face_id)
        left.release()
        return ()

    for round_number in range(1, 11):
        publish(bench.queues, FaceStored(face_id="F", round=round_number))
    threads = running(bench.worker(run), stop, 2)
    assert all(left.acquire(timeout=10) for _ in range(10))
    end(threads, stop)
    assert not together


def test_two_faces_are_worked_on_at_once(bench: Bench) -> None:
    both = threading.Barrier(2, timeout=10)
    stop = threading.Event()
    met = threading.Semaphore(0)

    def run(*_: object) -> tuple[()]:
        both.wait()
        met.release()
        return ()

    bench.put("F1")
    bench.put("F2")
    threads = running(bench.worker(run), stop, 2)
    assert all(met.acquire(timeout=10) for _ in range(2))
    end(threads, stop)


def test_locks_of_keys_that_nobody_holds_are_forgotten() -> None:
    locks = KeyLocks()
    with pytest.raises(KeyError), locks.holding("F"):
        raise KeyError
    with locks.holding("F"), locks.holding("G"):
        assert set(locks._locks) == {"F", "G"}
    assert not locks._locks
    assert not locks._users
