"""What holds over all bots on one database: one pace, and one at a time."""

import inspect
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest

from tagbot import __version__, build
from tagbot.app import Bot
from tagbot.aws.rekognition_api import CALLS_MARGIN
from tagbot.database.models.base import database
from tagbot.database.models.bookkeeping import RateLimitState
from tagbot.database.models.faces import Face
from tagbot.database.models.places import Places
from tagbot.database.named_lock import alone
from tagbot.database.opening import close_database, connected, open_database
from tagbot.database.outages import reached
from tagbot.database.shared_clock import shared_now
from tagbot.database.shared_rate_limit import MOST_AHEAD, SharedRateLimit
from tagbot.database.write_lock import writing
from tagbot.errors import Reject, Retry
from tagbot.messages import FaceStored
from tagbot.monitoring import status_figures, status_words
from tagbot.monitoring.heartbeat import (
    SILENT_SECONDS,
    Heartbeat,
    HeartbeatSender,
    bots_with_other_queues,
    known_bots,
)
from tagbot.pipeline import PIPELINE
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.sandbox.driver import running_slack
from tagbot.schedule import Job, jobs, start
from tagbot.schedule.timed_jobs import send_heartbeat
from tagbot.services import Services
from tagbot.settings import Settings, SettingsError
from tagbot.stages.request_tagging_on_slack import request_tagging_on_slack
from tagbot.training.local import LocalBackend
from tagbot.training.rekognition.permissions import HARMLESS
from tagbot.vocabulary import WITHOUT_SLACK, StageName
from tagbot.worker import workers
from tests.aws.service import REGION, Amazon
from tests.clean_environment import NO_AWS
from tests.postgresql import on_every_database, wait_until_somebody_waits
from tests.source import ROOT
from tests.world import SIDECAR, World, a_world, astronaut, environment

T = TypeVar("T")

on_a_server = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

EVERY = 100.0
"""Seconds between two turns: so long that what a test takes does not matter beside it."""


class Naps(threading.Event):
    """An event on which nobody really waits; how long they would have is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.taken.append(timeout or 0.0)
        return self.is_set()


@pytest.fixture(name="tables")
def _tables(database_url: str) -> Iterator[str]:
    open_database(database_url, connections=10)
    yield database_url
    close_database()


def turns(naps: Naps) -> list[int]:
    """The turns that were taken, as numbers."""
    return sorted(round(seconds / EVERY) for seconds in naps.taken)


# --- One pace ----------------------------------------------------------------------------------------------


@pytest.mark.ci
@pytest.mark.rule("one-pace")
@on_every_database
@pytest.mark.usefixtures("tables")
def test_two_bots_together_are_as_fast_as_one() -> None:
    naps = Naps()
    one, other = (SharedRateLimit("posts", 1 / EVERY, naps) for _ in range(2))
    with connected():
        for pace in (one, one, other, one, other):
            pace.wait()
    assert turns(naps) == [0, 1, 2, 3, 4]


@pytest.mark.rule("one-pace")
@on_every_database
@pytest.mark.usefixtures("tables")
def test_who_comes_at_the_same_instant_gets_a_turn_of_their_own() -> None:
    naps, ready = Naps(), threading.Barrier(8)

    def bot(_: int) -> None:
        pace = SharedRateLimit("posts", 1 / EVERY, naps)
        with connected():
            ready.wait(10)
            pace.wait()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bot, range(8)))
    assert turns(naps) == list(range(8))


@pytest.mark.rule("one-pace")
@on_every_database
@pytest.mark.usefixtures("tables")
def test_a_burst_is_shared_too() -> None:
    naps = Naps()
    bots = [SharedRateLimit("updates", 1 / EVERY, naps, burst=3) for _ in range(2)]
    with connected():
        for _ in range(3):
            for pace in bots:
                pace.wait()
    assert turns(naps) == [0, 0, 0, 1, 2, 3]


@on_every_database
@pytest.mark.usefixtures("tables")
def test_what_is_not_the_same_has_its_own_pace() -> None:
    naps = Naps()
    with connected():
        for name in ("posts", "updates"):
            SharedRateLimit(name, 1 / EVERY, naps).wait()
    assert turns(naps) == [0, 0]


@on_every_database
@pytest.mark.usefixtures("tables")
def test_after_a_server_whose_clock_was_ahead_nobody_waits_for_its_time() -> None:
    naps = Naps()
    with connected():
        with writing():
            RateLimitState.insert(name="posts", next_at=shared_now() + (MOST_AHEAD + 1) * EVERY).execute()
        for _ in range(2):
            SharedRateLimit("posts", 1 / EVERY, naps).wait()
    assert turns(naps) == [0, 1]


@on_every_database
@pytest.mark.usefixtures("tables")
def test_a_bot_that_stops_waits_no_longer() -> None:
    naps = Naps()
    pace = SharedRateLimit("posts", 1 / EVERY, naps)
    naps.set()
    with connected(), pytest.raises(Retry, match="stopping"):
        pace.wait()


@pytest.mark.rule("one-pace")
@on_a_server
@pytest.mark.usefixtures("tables")
def test_the_posts_of_two_bots_keep_one_pace(
    tmp_path: Path, stand_in: SlackStandIn, database_url: str
) -> None:
    variables = {"DATABASE_URL": database_url, "SLACK_POSTS_PER_SECOND": "5"}
    settings = [Settings.from_env(environment(tmp_path / name, stand_in, **variables)) for name in "ab"]
    one, other = (Bot(each, {}).services.slack for each in settings)
    started = time.monotonic()
    at_once(*(lambda door=door: door.channel.announce("Hello", "hello") for door in (one, one, other, other)))
    assert time.monotonic() - started >= 3 / 5, (
        "three wait for their turn; of two with a pace of their own, one"
    )
    assert len(stand_in.messages()) == 4


@pytest.mark.rule("one-pace")
@on_a_server
@pytest.mark.usefixtures("tables")
def test_the_calls_of_rekognition_of_two_bots_keep_one_pace(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws_is_away(monkeypatch)
    variables = {
        "AWS_REGION": REGION,
        "TRAINING_BACKEND": "rekognition",
        "REKOGNITION_CALLS_PER_SECOND": str(1 / EVERY / CALLS_MARGIN),
    }
    settings = Settings.from_env({"DATABASE_URL": database_url, **variables}, for_slack=False)
    naps = Naps()
    backends = [build.training_backend(settings, naps) for _ in range(2)]
    with connected():
        for backend in backends:
            with pytest.raises(Reject, match="does not answer"):
                backend.check()
    assert turns(naps) == list(range(2 * len(HARMLESS)))


def aws_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever calls it has had their turn by then."""
    away = {
        "AWS_ACCESS_KEY_ID": "AKIAFACETAGBOT000000",
        "AWS_SECRET_ACCESS_KEY": "the-secret-of-the-bot",
        "AWS_ENDPOINT_URL_REKOGNITION": "http://127.0.0.1:9",
    }
    for name, value in (NO_AWS | away).items():
        monkeypatch.setenv(name, value)


# --- One limit ---------------------------------------------------------------------------------------------

ALLOWED = 2


def at_once(*acts: Callable[[], T]) -> list[T]:
    """What each returns, on a connection of its own, as each bot has."""
    ready = threading.Barrier(len(acts))

    def do(act: Callable[[], T]) -> T:
        with connected():
            ready.wait(10)
            return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(do, acts))


@pytest.mark.ci
@pytest.mark.rule("open-requests-over-bots")
@on_every_database
def test_however_many_bots_ask_at_the_same_instant_no_more_requests_are_open_than_allowed(
    world: World,
) -> None:
    settings = replace(world.settings, max_open_requests=ALLOWED)
    places = Places(ALLOWED)
    bots = [replace(world.services, settings=settings, places=places) for _ in range(2)]
    for number in range(1, 6):
        messages = [FaceStored(face_id=world.face().id) for _ in range(2 * ALLOWED)]
        asked = [
            partial(request_tagging_on_slack, each, bot) for each, bot in zip(messages, bots * 2, strict=True)
        ]
        at_once(*asked)
        assert Face.counts() == {
            "waiting": ALLOWED,
            "open": ALLOWED,
            "training": 0,
            "tagged": 0,
            "rejected": 0,
        }
        assert len(world.slack.messages()) == number * ALLOWED
        Face.delete().execute()


@pytest.mark.ci
@pytest.mark.rule("open-requests-over-bots")
@on_every_database
def test_however_many_bots_let_faces_in_at_the_same_instant_only_so_many_are_sent_as_are_allowed(
    world: World,
) -> None:
    for _ in range(2 * ALLOWED):
        world.face()
    for _ in range(20):
        Face.update(pending=None, request=None).execute()
        let_in = at_once(*[lambda: list(Places(ALLOWED).let_next_in())] * 4)
        assert sum(map(len, let_in)) == ALLOWED


# --- One at a time -----------------------------------------------------------------------------------------


@contextmanager
def another_bot(name: str) -> Iterator[None]:
    """Something that another bot does, on a connection of its own."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with connected(), alone(name):
            taken.set()
            assert done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert taken.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join(10)


@pytest.mark.rule("one-bot-at-a-time")
@on_a_server
@pytest.mark.usefixtures("tables")
def test_what_one_bot_does_alone_no_other_does_meanwhile() -> None:
    with connected():
        with another_bot("Mend"):
            with alone("Mend", wait=False) as mine:
                assert not mine
            with alone("ExpireRequests", wait=False) as mine:
                assert mine, "something else is nobody's yet"
        with alone("Mend", wait=False) as mine:
            assert mine


@on_a_server
def test_who_waits_is_next(tables: str) -> None:
    order: list[str] = []

    def next_one() -> None:
        with connected(), alone("show F"):
            order.append("next")

    with connected(), psycopg.connect(tables, autocommit=True) as operator:
        with alone("show F"):
            thread = threading.Thread(target=next_one)
            thread.start()
            wait_until_somebody_waits(operator, thread.is_alive)
            order.append("first")
        thread.join(10)
    assert order == ["first", "next"]


@pytest.mark.rule("one-bot-at-a-time")
@pytest.mark.failure("one-bot-dies", shows="what happens")
@on_a_server
def test_a_bot_that_dies_holds_nobody_up(tables: str) -> None:
    def die() -> None:
        with psycopg.connect(tables, autocommit=True) as operator, reached(), alone("Mend"):
            [me] = database.execute_sql("SELECT pg_backend_pid()").fetchone()
            operator.execute("SELECT pg_terminate_backend(%s)", [me])
            database.execute_sql("SELECT 1")

    with connected(), pytest.raises(Retry):
        die()
    with connected(), alone("Mend", wait=False) as mine:
        assert mine


@dataclass
class Runs:
    """Who ran, and a moment to wait for."""

    names: list[str] = field(default_factory=list)
    again: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def job(self, name: str, *, in_each_bot: bool) -> Job:
        """One that notes that it ran."""

        def run(_: Services) -> None:
            self.names.append(name)
            self.again.release()

        return Job(name, 0.05, run, in_each_bot=in_each_bot)


@pytest.mark.rule("one-bot-at-a-time")
@on_a_server
def test_a_timed_job_runs_in_one_bot_at_a_time_and_what_is_about_a_bot_in_each(world: World) -> None:
    runs = Runs()
    two = [runs.job("shared", in_each_bot=False), runs.job("own", in_each_bot=True)]
    with another_bot("timed job shared"):
        scheduler = start(world.services, two)
        for _ in range(5):
            assert runs.again.acquire(timeout=10)
        assert set(runs.names) == {"own"}
    while "shared" not in runs.names:
        assert runs.again.acquire(timeout=10), "it goes on once the other bot is done"
    scheduler.shutdown(wait=True)


# --- Waiting costs nothing ---------------------------------------------------------------------------------


@pytest.mark.rule("sqs-long-polls")
def test_while_nothing_is_to_be_done_the_timed_jobs_ask_amazon_sqs_nothing(
    tmp_path: Path, stand_in: SlackStandIn, recogniser: LocalBackend, aws: Amazon
) -> None:
    with a_world(tmp_path, stand_in, recogniser, QUEUE_URL=f"sqs://{aws.prefix}", AWS_REGION=REGION) as world:
        world.face(posted=True)
        already = len(aws.calls())
        for job in jobs():
            job.run(world.services)
        assert aws.calls()[already:] == []


# --- Some stages only --------------------------------------------------------------------------------------


def test_the_stages_that_can_be_named_are_those_of_the_flow() -> None:
    assert set(StageName) == {*(stage.name for stage in PIPELINE), StageName.FACE_TAG}


def settings(stages: str, **env: str) -> Settings:
    return Settings.from_env({"STAGES": stages, **env})


@pytest.mark.rule("stages-of-a-bot")
def test_a_bot_runs_the_stages_that_it_is_told_and_all_when_it_is_told_none(world: World) -> None:
    assert len(workers(world.services)) == len(PIPELINE)
    some = replace(
        world.services, settings=replace(world.settings, stages=(StageName.DETECT_FACES, StageName.UNDO_TAG))
    )
    assert [worker.stage.name for worker in workers(some)] == [
        "DetectFaces",
        "UndoTag",
    ]


@pytest.mark.rule("stages-of-a-bot")
def test_a_bot_that_only_detects_needs_no_token_of_slacks() -> None:
    assert not settings("DetectFaces, SendFaceForTraining").hears_people
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN"):
        settings("DetectFaces, CleanupTag")
    with pytest.raises(SettingsError, match="SLACK_APP_TOKEN"):
        settings("DetectFaces, FaceTag")


def test_a_stage_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError) as told:
        settings("DetectFaces,Detect")
    assert any(
        line.startswith(
            "STAGES should be some of DetectFaces, IdentifyFace, RequestTaggingOnSlack, FaceTag, "
        )
        and line.endswith("but has 'Detect'")
        for line in told.value.problems
    )


def test_the_stages_without_slack_ask_it_nothing() -> None:
    for stage in PIPELINE:
        source = inspect.getsource(sys.modules[stage.run.__module__])
        asks = any(each in source for each in ("services.slack", "services.updates", "forgetting.steps"))
        assert asks == (stage.name not in WITHOUT_SLACK), stage.name


@pytest.mark.ci
@pytest.mark.rule("stages-of-a-bot")
@on_a_server
def test_a_bot_without_slack_takes_photos_in_for_the_others(tmp_path: Path, database_url: str) -> None:
    env = {"DATA_DIR": str(tmp_path), "DATABASE_URL": database_url, "STAGES": "DetectFaces"}
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "photo.json").write_bytes(SIDECAR)
    (tmp_path / "inbox" / "photo.png").write_bytes(astronaut())
    command, env = [sys.executable, "bot.py"], {**os.environ, **env}
    with subprocess.Popen(command, cwd=ROOT, env=env) as bot:
        open_database(database_url)
        with connected():
            while not Face.select().exists():
                assert bot.poll() is None
                time.sleep(0.05)  # another process works, of which nothing else tells
        told = subprocess.run(
            [*command, "status"], cwd=ROOT, env=env, capture_output=True, text=True, check=True
        )
        bot.terminate()
        assert bot.wait(12) == 0
    assert f"(version {__version__}, DetectFaces): running since" in told.stdout
    assert "Slack" not in told.stdout


# --- Several bots, each with queues of its own -------------------------------------------------------------


def start_beside_a_bot_seen(seconds_ago: float, folder: Path, url: str) -> "subprocess.CompletedProcess[str]":
    """Start a bot on whose database another one told that it runs; Slack refuses it, if it comes so far."""
    open_database(url)
    there = Heartbeat("other", "attic", "1", 0.0, time.time() - seconds_ago)
    with connected():
        there.store()
    slack = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "SLACK_CHANNEL": "C0123456789"}
    with running_slack() as stand_in:
        env = {**slack, "SLACK_API_URL": stand_in.api_url, "DATA_DIR": str(folder), "DATABASE_URL": url}
        command = [sys.executable, "bot.py"]
        return subprocess.run(
            command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False
        )


@pytest.mark.ci
@pytest.mark.rule("own-disk-queues-alone")
@pytest.mark.failure("bot-beside-own-disk")
@on_a_server
def test_a_bot_does_not_start_beside_another_whose_queues_it_cannot_see(
    tmp_path: Path, database_url: str
) -> None:
    started = start_beside_a_bot_seen(5, tmp_path, database_url)
    assert started.returncode == 2
    assert started.stderr.strip().splitlines()[-1].startswith("QUEUE_URL is disk, but the bot on attic uses")


DISK, HERE, THERE = "disk", "sqs://here-", "sqs://there-"


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [
        (DISK, DISK, False),
        (DISK, HERE, False),
        (HERE, DISK, False),
        (HERE, THERE, False),
        (HERE, HERE, True),
        (DISK, "", False),
        (HERE, "", True),  # a bot of an earlier version does not say where its queues are
    ],
)
def test_bots_with_other_queues_are_known_whichever_of_them_asks(
    world: World, mine: str, theirs: str, *, same: bool
) -> None:
    running = Heartbeat("other", "attic", "1", 0.0, time.time(), queue_url=theirs)
    gone = Heartbeat("gone", "attic", "1", 0.0, time.time() - SILENT_SECONDS - 5, queue_url="sqs://gone")
    before_the_clock_was_set_back = replace(gone, id="ahead", seen_at=time.time() + 3600)
    for bot in (running, gone, before_the_clock_was_set_back):
        bot.store()
    settings = replace(world.settings, queue_url=mine)
    assert [bot.id for bot in bots_with_other_queues(settings, time.time())] == ([] if same else ["other"])
    replace(Heartbeat.of(world.services), queue_url=mine).store()
    told = status_words.in_words(status_figures.collect(world.queues, world.services.inbox))
    assert ("bots on one database need one QUEUE_URL=sqs://PREFIX" in told) is not same


@pytest.mark.parametrize(("started_before", "gives_way"), [(1.0, True), (-1.0, False)])
def test_of_two_bots_that_started_at_once_with_other_queues_the_later_one_gives_way(
    world: World, started_before: float, *, gives_way: bool
) -> None:
    Heartbeat("other", "attic", "1", world.services.started_at - started_before, time.time()).store()
    send_heartbeat(HeartbeatSender(), world.services)
    shutdown = world.services.shutdown
    assert shutdown.requested.is_set() is gives_way
    assert ("attic" in str(shutdown.reason)) is gives_way


def test_a_bot_that_gives_way_ends_by_itself_and_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings.from_env({"DATA_DIR": str(tmp_path), "STAGES": "DetectFaces"})
    with build.queues(settings) as queues:
        open_database(settings.database_url)
        with connected():
            Heartbeat("other", "attic", "1", 0.0, time.time(), queue_url=HERE).store()
        with pytest.raises(SettingsError) as told:
            Bot(settings, queues).run(threading.Event())
        with connected():
            assert [bot.id for bot in known_bots()] == ["other"], "nobody misses it"
    [line] = told.value.problems
    assert line.startswith(
        f"QUEUE_URL is disk, but the bot on attic uses the same DATABASE_URL with QUEUE_URL={HERE}"
    )
    assert f"stopping: {line}" in caplog.messages


@pytest.mark.ci
@on_a_server
def test_a_bot_that_is_long_gone_keeps_nobody_from_starting(tmp_path: Path, database_url: str) -> None:
    started = start_beside_a_bot_seen(SILENT_SECONDS + 5, tmp_path, database_url)
    assert "attic" not in started.stderr
    assert "SLACK_" in started.stderr, "so far it came"
