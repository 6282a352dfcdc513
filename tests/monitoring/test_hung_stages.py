"""A stage that hangs is told by name, once, and so is that it came back."""

import ast
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from tagbot.aws.boto import CONNECT_SECONDS, READ_SECONDS
from tagbot.database.models.faces import Face
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.database.postgresql import CONNECT, SESSION
from tagbot.lib.in_flight import Work, WorkInFlight
from tagbot.messages import FaceStored
from tagbot.monitoring import status_figures, status_words
from tagbot.monitoring.heartbeat import Heartbeat
from tagbot.monitoring.hung_stages import HANGS_SECONDS, hung, watch
from tagbot.queues.disk.queue_file import BUSY_SECONDS
from tagbot.schedule.timed_jobs import watch_stages
from tagbot.slack.api import TIMEOUT_SECONDS
from tagbot.slack.updates import LONGEST_WAIT
from tagbot.training.local import TIME_LIMIT
from tests.source import nodes_of, python_files, text_of
from tests.world import World


@dataclass
class Clock:
    """Goes on when it is told to."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="in_flight")
def _in_flight(clock: Clock) -> WorkInFlight:
    return WorkInFlight(clock)


@pytest.mark.failure("readme-stage-hangs", shows="who is told")
@pytest.mark.failure("stage-hangs", shows="what happens")
def test_what_has_been_in_hand_for_two_minutes_is_known_by_stage_message_and_time(
    in_flight: WorkInFlight, clock: Clock
) -> None:
    with in_flight.tracking("UndoTag", "face-undo:F:1"):
        clock.now = 30.0
        with in_flight.tracking("CleanupTag", "face-cleanup:G:1"):
            clock.now = HANGS_SECONDS
            assert hung(in_flight) == []
            clock.now = HANGS_SECONDS + 31
            assert hung(in_flight) == [
                Work("UndoTag", "face-undo:F:1", HANGS_SECONDS + 31),
                Work("CleanupTag", "face-cleanup:G:1", HANGS_SECONDS + 1),
            ]
    assert hung(in_flight) == []


@pytest.mark.failure("stage-hangs", shows="who is told")
def test_the_log_hears_once_that_a_stage_hangs_and_once_that_it_came_back(
    in_flight: WorkInFlight, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with in_flight.tracking("UndoTag", "face-undo:F:1"):
        clock.now = 125.0
        for _ in range(3):
            watch(in_flight)
        clock.now = 200.0
    watch(in_flight)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "UndoTag hangs: message=face-undo:F:1 in hand for 125 s"),
        (logging.WARNING, "UndoTag came back from message=face-undo:F:1 after 200 s"),
    ]


def test_a_stage_that_works_as_it_should_is_not_mentioned(
    in_flight: WorkInFlight, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with in_flight.tracking("UndoTag", "face-undo:F:1"):
        clock.now = 100.0
        watch(in_flight)
    assert caplog.records == []


@pytest.mark.failure("readme-stage-hangs")
@pytest.mark.failure("stage-hangs", shows="who is told")
def test_a_stage_that_hangs_is_in_the_status_and_in_the_log(
    world: World, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    services = replace(world.services, in_flight=WorkInFlight(clock))
    taken, go_on = threading.Event(), threading.Event()

    def hang(*_: object) -> Iterator[FaceStored]:
        taken.set()
        assert go_on.wait(10)
        yield from ()

    [worker] = [each for each in world.workers if each.stage.name == "RequestTaggingOnSlack"]
    stuck = replace(worker, services=services, stage=replace(worker.stage, run=hang))
    world.publish(FaceStored(face_id="F"))
    thread = threading.Thread(target=stuck.work_once)
    thread.start()
    assert taken.wait(10)
    face = world.face()
    Face.note(face.id, request=Request.create(id="R", posting_since=world.services.now()))
    world.publish(world.answer(face, *world.slack.people[:2], message_ts="1.0"))
    others = [each for each in world.workers if each.stage.name != "RequestTaggingOnSlack"]
    assert sum(each.work_once(timeout=0) for each in others) == 2
    assert len(Vote.of(face.id)) == 1, "the others go on"
    clock.now = 300.0
    watch_stages(services)
    Heartbeat.of(services).store()
    said = status_words.in_words(status_figures.collect(world.queues, services.inbox))
    go_on.set()
    thread.join(10)
    assert (
        "Please look at this: RequestTaggingOnSlack has had images-in-db:F:1 in hand for 5 minutes."
        in said.splitlines()
    )
    assert "RequestTaggingOnSlack hangs: message=images-in-db:F:1 in hand for 300 s" in caplog.text
    assert hung(services.in_flight) == []


# --- Nobody outside is waited for without an end -----------------------------------------------------------

TIMEOUTS = {
    "WebClient": {"timeout"},  # slack_sdk's default is 30 s, and reads like none
    "Config": {"connect_timeout", "read_timeout"},  # botocore's
    "connect": {"open_timeout", "ping_timeout", "close_timeout"},  # websockets'
    "ProcessPool": {"time_limit"},
    "SqliteDatabase": {"timeout"},
}
"""By what opens a way outside: what must be said there."""

NAMED = re.compile(r"\b({0})\(|^class .*\b({0})\b".format("|".join(TIMEOUTS)), re.MULTILINE)
"""A call of one of them, or a class of ours that is one: only such a file is parsed, which takes long."""


def openings() -> Iterator[tuple[str, str, set[str]]]:
    """Each call that opens a way outside, with its keywords."""
    for path in python_files("tagbot"):
        if "sandbox" in path.parts or not NAMED.search(text_of(path)):
            continue
        for node in nodes_of(path):
            for name, call in called(node):
                if name in TIMEOUTS:
                    yield f"{path.name}:{call.lineno}", name, {word.arg for word in call.keywords if word.arg}


def called(node: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """What a call makes by its name; what the class makes whose `__init__` a class of ours calls."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        yield node.func.id, node
    if isinstance(node, ast.ClassDef):
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__":
                yield from ((ast.unparse(base), call) for base in node.bases)


def test_every_way_outside_has_its_timeouts() -> None:
    ways = list(openings())
    assert {name for _, name, _ in ways} == TIMEOUTS.keys()
    assert [way for way in ways if not TIMEOUTS[way[1]] <= way[2]] == []


def test_a_database_server_that_does_not_answer_is_not_waited_for_either() -> None:
    assert CONNECT.keys() >= {"connect_timeout", "tcp_user_timeout", "keepalives_idle"}
    assert SESSION.keys() >= {"lock_timeout", "statement_timeout"}


def test_the_watchdog_is_more_patient_than_any_of_them() -> None:
    longest = max(TIMEOUT_SECONDS, CONNECT_SECONDS + READ_SECONDS, TIME_LIMIT, LONGEST_WAIT, BUSY_SECONDS)
    assert longest <= HANGS_SECONDS / 2, "a message may meet two of them"
