"""`migrate`: everything is in the other place, whatever interrupts it, and nothing is changed here."""

import json
import re
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tagbot.database.engine import database_at
from tagbot.database.models.bookkeeping import (
    BackendCalls,
    Effort,
    Notice,
    RateLimitState,
    RunningBot,
    StallAlert,
)
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.requests import Request
from tagbot.database.models.rounds import PastRound
from tagbot.database.models.vectors import TrainedVector
from tagbot.database.models.votes import Vote
from tagbot.database.opening import close_database, connected, open_database, opened
from tagbot.database.outages import DatabaseUnusable
from tagbot.database.shared_clock import shared_now
from tagbot.database.tables import TABLES
from tagbot.database.unfinished_copy import MARK
from tagbot.database.write_lock import POSTGRESQL_LOCK, writing
from tagbot.errors import Reject
from tagbot.maintenance.transfer import Content
from tagbot.maintenance.transfer import database_copy as moving
from tagbot.maintenance.transfer.database_copy import MOVED
from tagbot.monitoring.heartbeat import Heartbeat
from tagbot.photos.image_store.folder_store import FolderStore
from tagbot.queues.disk import disk_queues
from tagbot.vocabulary import QueueName, State
from tests.aws.service import Amazon
from tests.clean_environment import clean_environment
from tests.commands.conftest import Run, shown_on_a_terminal
from tests.forked import BOT, ROOT
from tests.postgresql import DATABASES, Server, wait_until_somebody_waits
from tests.world import DATABASE, new_database

SMALL_BATCH = 3

INTERRUPTED = """
import os, sys
from tagbot.maintenance.transfer import database_copy as moving
from tagbot.database.models.faces import Face

batches = int(sys.argv[3])
moving.BATCH = 3
insert_many = Face.insert_many

def insert_or_die(*arguments, **options):
    global batches
    batches -= 1
    if batches < 0:
        os._exit(9)
    return insert_many(*arguments, **options)

Face.insert_many = insert_or_die
moving.move_database(sys.argv[1], sys.argv[2])
"""


AN_HOUR_AHEAD = """
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
    $$ SELECT pg_catalog.clock_timestamp() + interval '1 hour' $$
"""
"""Found before PostgreSQL's own, where `search_path` says so."""

COUNTING_DOWN_FAILS = (
    """CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE EXCEPTION 'counted down'; END $$""",
    """CREATE TRIGGER counted_down BEFORE UPDATE ON tally
        FOR EACH ROW WHEN (NEW.count < OLD.count) EXECUTE FUNCTION fail()""",
)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[str]:
    """A database with faces in every state, and something in every table."""
    url = new_database(tmp_path / "data" / DATABASE)
    open_database(url)
    with connected():
        a_whole_world()
        yield url


def a_whole_world() -> None:
    with writing():
        anna = Person.with_slack_id("U0ANNA", 1.0)
        Person.with_name("Zo\0ë 😀 Ångström", "zoe@example.com", 1.5)
    for number, state in enumerate([*State] * 4):
        face_id, sha256 = str(uuid.uuid4()), uuid.uuid4().hex * 2
        person = anna.id if state in ("tagged", "training") else None
        tagged_at = 1.8e9 + number if state == "tagged" else None
        store_photo(
            {
                "sha256": sha256, "source": "lobby", "width": 9, "height": 9, "faces_found": 1,
                "received_at": 1 / 3,
            },
            [
                {
                    "id": face_id, "photo": sha256, "left": 1, "top": 2, "width": 3, "height": 4,
                    "stored_at": 1.7e9 + number / 7, "state": state, "person": person, "round": 2,
                    "tagged_at": tagged_at,
                }
            ],
        )  # fmt: skip
        with writing():
            Vote.put(face_id=face_id, tagger="U1", answer="not_a_face", round=2, at=1.7e9 + number / 3)
            past = Request.create(id=f"{face_id}:1", message_ts="1.0", revision=1, shown_revision=number % 2)
            PastRound.insert(face=face_id, round=1, request=past).execute()
            TrainedVector.insert(face_id=face_id, person_ref=anna.id, vector=bytes(range(256)) * 4).execute()
    store_photo({"sha256": "0" * 64, "width": 9, "height": 9, "faces_found": 0, "received_at": 2.0}, [])
    with writing():
        Effort.add_answer(clicks=2)
        BackendCalls.insert(month="2026-11", operation="index_faces", count=7).execute()
        Notice.put("n", "look at this", 1.0)
        StallAlert(noticed_at=1.0).put()


@pytest.fixture(params=DATABASES)
def there(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database elsewhere."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/elsewhere/tagbot.db"
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database() as url:
        yield url


def content(url: str) -> list[Content]:
    which = database_at(url)
    with opened(which):
        found = [moving._content(which, table) for table in TABLES]
    which.close_idle()
    return found


def rows_of(url: str, table: type[Face] | type[Photo]) -> int:
    which = database_at(url)
    with opened(which, even_unfinished=True):
        found: int = table.select().bind(which).count()
    which.close_idle()
    return found


@pytest.mark.rule("migrate-database")
def test_everything_is_there_and_nothing_is_changed_here(run: Run, here: str, there: str) -> None:
    before = content(here)
    ran = run("migrate", "--to-database", there)
    assert (ran.code, ran.err) == (0, "")
    assert len([line for line in ran.out.splitlines() if line.endswith(" the same")]) == len(MOVED)
    assert "Set DATABASE_URL" in ran.out
    assert content(here) == content(there) == before
    assert all(each.count for each in before[:6])
    with connected():
        exported = run("export").out
    assert run("export", DATABASE_URL=there).out == exported != ""


@pytest.mark.rule("migrate-database")
def test_and_back_again(run: Run, here: str, there: str, tmp_path: Path) -> None:
    assert run("migrate", "--to-database", there).code == 0
    back = f"sqlite:///{tmp_path}/back.db"
    assert run("migrate", "--to-database", back, DATABASE_URL=there).code == 0
    assert content(back) == content(here)


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.rule("migrate-database")
def test_killed_twice_it_goes_on_where_it_was(run: Run, here: str, there: str) -> None:
    for batches, faces in ((2, 6), (3, 15)):
        command = [sys.executable, "-c", INTERRUPTED, here, there, str(batches)]
        died = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        assert died.returncode == 9, died.stderr
        assert rows_of(there, Face) == faces, "what was copied stays copied"
        assert rows_of(there, Photo) == len(State) * 4 + 1
    assert run("migrate", "--to-database", there).code == 0
    assert content(there) == content(here)
    with connected():
        assert Notice.get_or_none(Notice.name == MARK) is None


@pytest.mark.ci
@pytest.mark.process
def test_nobody_but_migrate_may_work_in_a_copy_that_is_unfinished(run: Run, here: str, there: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED, here, there, "2"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 9
    ran = run("status", DATABASE_URL=there)
    assert (ran.code, ran.out) == (1, "")
    assert "is the unfinished copy of the database " in ran.err
    assert "run it again" in ran.err
    with pytest.raises(DatabaseUnusable, match="cannot be used: this is the unfinished copy"):
        open_database(there, has_to_answer=False)  # as the bot does
    assert run("migrate", "--to-database", there, DATABASE_URL=here).code == 0
    open_database(there, has_to_answer=False)


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.rule("migrate-database")
def test_what_changed_between_two_attempts_is_copied_anew(run: Run, here: str, there: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED, here, there, "1"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 9
    open_database(here)
    with connected(), writing():
        Person.update(name="Anna").execute()
        first = Photo.select().order_by(Photo.sha256).first()
        Photo.update(source="garden").where(Photo.sha256 == first.sha256).execute()
        before_all = {"sha256": "0" * 63 + "-", "width": 9, "height": 9, "faces_found": 0, "received_at": 2.0}
        store_photo(before_all, [])
    assert run("migrate", "--to-database", there).code == 0
    assert content(there) == content(here)


@pytest.mark.rule("migrate-refused")
def test_a_database_that_holds_something_else_is_refused(run: Run, here: str, there: str) -> None:
    open_database(there)
    with connected(), writing():
        Person.with_slack_id("U9", 1.0)
    close_database()
    ran = run("migrate", "--to-database", there)
    assert (ran.code, ran.out) == (1, "")
    assert "holds something already" in ran.err
    assert here


@pytest.mark.process
@pytest.mark.rule("migrate-refused")
def test_so_is_the_unfinished_copy_of_another_database(
    run: Run, here: str, there: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", INTERRUPTED, here, there, "1"]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 9
    ran = run("migrate", "--to-database", there, DATABASE_URL=f"sqlite:///{tmp_path}/third.db")
    assert ran.code == 1
    assert "unfinished copy of" in ran.err


def test_two_at_once_go_on_with_one_copy(here: str, there: str) -> None:
    with moving._connection(here) as source, moving._connection(there, even_unfinished=True) as target:
        for _ in range(2):
            moving.Move(source, target).mark()  # neither has seen the other's
        with pytest.raises(Reject, match="is another one's: this is the unfinished copy of"):
            moving.Move(target, target).mark()


@pytest.mark.rule("migrate-refused")
def test_it_is_refused_while_the_bot_runs(run: Run, here: str, there: str, tmp_path: Path) -> None:
    with disk_queues(tmp_path / "data/queues", QueueName):
        ran = run("migrate", "--to-database", there)
    assert (ran.code, ran.out) == (1, "")
    assert "the bot is running: stop it" in ran.err
    assert here


@pytest.mark.rule("migrate-refused")
def test_so_it_is_while_one_runs_elsewhere(run: Run, here: str, there: str) -> None:
    assert here
    elsewhere = Heartbeat(id="B2", host="second", version="1", started_at=time.time(), seen_at=time.time())
    with connected():
        elsewhere.store()
    ran = run("migrate", "--to-database", there)
    assert (ran.code, ran.out) == (1, "")
    assert "a bot is running at second: stop it" in ran.err


@pytest.mark.rule("migrate-refused")
def test_that_one_runs_is_known_whatever_the_clock_here_says(run: Run, here: str, postgresql: Server) -> None:
    assert here
    with postgresql.database() as url:
        name = urlsplit(url).path[1:]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(AN_HOUR_AHEAD)
            connection.execute(f"ALTER DATABASE {name} SET search_path = public, pg_catalog".encode())
        open_database(url)
        with connected():
            assert shared_now() > time.time() + 3000
            Heartbeat("B2", "second", "1", started_at=time.time(), seen_at=shared_now() - 5).store()
        ran = run("migrate", "--to-database", here, DATABASE_URL=url)
    assert (ran.code, ran.out) == (1, "")
    assert "a bot is running at second: stop it" in ran.err


@pytest.mark.rule("migrate-bot-elsewhere")
def test_a_bot_that_ran_somewhere_while_everything_was_moved_is_told_in_the_end(
    here: str, postgresql: Server, tmp_path: Path
) -> None:
    with postgresql.database() as there, psycopg.connect(there, autocommit=True) as another:
        another.execute("SELECT pg_advisory_lock(%s)", [POSTGRESQL_LOCK])  # the move has to wait
        command = [sys.executable, str(BOT), "migrate", "--to-database", there]
        env = clean_environment(DATA_DIR=str(tmp_path / "data"))
        with subprocess.Popen(
            command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as move:
            wait_until_somebody_waits(another, lambda: move.poll() is None)
            assert here
            Heartbeat("B2", "second", "1", started_at=time.time(), seen_at=shared_now()).store()
            another.execute("SELECT pg_advisory_unlock(%s)", [POSTGRESQL_LOCK])
            out, err = move.communicate(timeout=60)
    assert move.returncode == 1
    assert "All is there" not in out
    assert "a bot is running at second: stop it, as nothing may change meanwhile, and run this again" in err


@pytest.mark.ci
@pytest.mark.rule("migrate-bot-elsewhere")
@pytest.mark.parametrize("source", DATABASES)
def test_while_all_is_compared_nobody_else_can_write_here(here: str, postgresql: Server, source: str) -> None:
    with postgresql.database() as between, postgresql.database() as there:
        url = here if source == "sqlite" else between
        assert all(each.is_equal for each in moving.move_database(here, between))
        assert all(each.is_equal for each in moving.move_database(url, there))
        with (
            ThreadPoolExecutor(1) as another,
            psycopg.connect(there, autocommit=True) as held,
            held.transaction(),
        ):
            held.execute("LOCK TABLE tally")  # the last that it comes to when all has been copied
            move = another.submit(moving.move_database, url, there)
            wait_until_somebody_waits(held, lambda: not move.done())
            could_write = can_be_written(url)
        assert not could_write
        assert all(each.is_equal for each in move.result())
        assert can_be_written(url)


def can_be_written(url: str) -> bool:
    """Whether a transaction of ours could begin there now."""
    if url.startswith("sqlite:"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=0)) as file:
            try:
                file.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:  # it is locked
                return False
            return True
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute("SELECT pg_try_advisory_lock(%s)", [POSTGRESQL_LOCK]).fetchone() == (True,)


@pytest.mark.rule("migrate-many-faces")
def test_a_target_that_has_to_be_emptied_counts_nothing_down(run: Run, here: str, postgresql: Server) -> None:
    """PostgreSQL would look through all earlier counts each time: with 90,000 faces, longer than a minute."""
    with postgresql.database() as there:
        command = [sys.executable, "-c", INTERRUPTED, here, there, "3"]
        assert subprocess.run(command, cwd=ROOT, check=False).returncode == 9
        with psycopg.connect(there, autocommit=True) as connection:
            for statement in COUNTING_DOWN_FAILS:
                connection.execute(statement)
        with connected(), writing():
            Person.update(name="Anna").execute()
        ran = run("migrate", "--to-database", there)
        assert (ran.code, ran.err) == (0, "")
        assert content(there) == content(here)


@pytest.mark.rule("migrate-many-faces")
def test_a_large_table_may_take_its_time(postgresql: Server) -> None:
    with postgresql.database() as url, moving._connection(url) as which:
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            assert which.execute_sql(f"SHOW {limit}").fetchone() == ("0",)


@pytest.mark.rule("migrate-again")
def test_the_same_command_again_finds_all_there(run: Run, here: str, there: str) -> None:
    assert run("migrate", "--to-database", there).code == 0
    again = run("migrate", "--to-database", there)
    assert (again.code, again.err) == (0, "")
    assert content(there) == content(here)


def test_what_holds_for_the_moment_stays_here(run: Run, here: str, there: str) -> None:
    """The other database has a clock of its own, and bots of its own."""
    assert here
    with connected():
        Heartbeat(id="B2", host="killed", version="1", started_at=1.0, seen_at=2.0).store()
        with writing():
            RateLimitState.insert(name="posts", next_at=1.0).execute()
    assert run("migrate", "--to-database", there).code == 0
    open_database(there)
    with connected():
        assert not RunningBot.select().exists()
        assert not RateLimitState.select().exists()
        Heartbeat(id="B2", host="first", version="1", started_at=3.0, seen_at=4.0).store()
    open_database(here)
    again = run("migrate", "--to-database", there)
    assert (again.code, again.err) == (0, ""), "a bot that has begun there changes nothing about that"


@pytest.mark.rule("migrate-pictures")
def test_pictures_go_from_one_folder_to_another(run: Run, here: str, tmp_path: Path) -> None:
    assert here
    old, new = FolderStore(tmp_path / "data/images"), FolderStore(tmp_path / "new")
    for number in range(3):
        old.put(f"faces/{number}/crop.jpg", b"picture")
    ran = run("migrate", "--to-images", str(tmp_path / "new"))
    assert (ran.code, ran.err) == (0, "")
    assert "Set IMAGE_STORE as you named" in ran.out
    assert list(new.keys()) == list(old.keys())
    assert len(list(old.keys())) == 3


@pytest.mark.process
@pytest.mark.rule("migrate-pictures")
def test_there_is_a_progress_bar_on_a_terminal(tmp_path: Path) -> None:
    FolderStore(tmp_path / "data/images").put("photos/0.jpg", b"picture")
    shown = shown_on_a_terminal(tmp_path, "migrate", "--to-images", "new")
    assert "copying: " in shown
    assert " pictures" in shown


@pytest.mark.rule("migrate-again")
def test_what_differs_in_the_end_is_told_and_nothing_else_is_moved(
    run: Run, here: str, there: str, tmp_path: Path
) -> None:
    assert here
    for folder, key in (("data/images", "photos/0.jpg"), ("new", "photos/1.jpg")):
        FolderStore(tmp_path / folder).put(key, b"picture")
    ran = run("migrate", "--to-images", str(tmp_path / "new"), "--to-database", there)
    assert ran.code == 1
    assert "Not all is the same" in ran.err
    assert "Set " not in ran.out
    assert rows_of(there, Face) == 0


@pytest.mark.ci
@pytest.mark.rule("migrate-again")
def test_messages_go_to_sqs_and_the_same_command_again_finds_all_there(
    run: Run, here: str, there: str, tmp_path: Path, aws: Amazon
) -> None:
    assert here
    with disk_queues(tmp_path / "data/queues", QueueName) as queues:
        for number in range(3):
            queues["face-tagged"].put(f"m{number}", f"face{number}", {})
        for _ in range(2):
            delivery = queues["face-tagged"].get(0)
            assert delivery is not None
            delivery.bury("no such face") if delivery.id == "m0" else delivery.retry_after(60, "busy")
    for _ in range(2):  # the second time, the database there has notes that the one here has not
        ran = run("migrate", "--to-queue", f"sqs://{aws.prefix}", "--to-database", there)
        assert (ran.code, ran.err) == (0, "")
        assert re.search(r"^face-tagged +1, 1, 1 +[0-9a-f]{16} 1, 1, 1 +the same$", ran.out, re.MULTILINE)
        assert "Set DATABASE_URL, QUEUE_URL as you named" in ran.out
    status = run("status", "--json", DATABASE_URL=there, QUEUE_URL=f"sqs://{aws.prefix}")
    troubles = {(each["state"], each["error"]) for each in json.loads(status.out)["troubles"]}
    assert troubles == {("dead", "no such face"), ("delayed", "busy")}


@pytest.mark.ci
@pytest.mark.rule("migrate-lost-queues")
def test_that_sqs_counts_fewer_messages_than_were_sent_is_told(
    run: Run, here: str, tmp_path: Path, aws: Amazon
) -> None:
    assert here
    with disk_queues(tmp_path / "data/queues", QueueName) as queues:
        queues["face-tagged"].put("m", "face", {})
    assert "fewer" not in run("migrate", "--to-queue", f"sqs://{aws.prefix}").out
    client = aws.client("sqs")
    client.purge_queue(QueueUrl=client.get_queue_url(QueueName=f"{aws.prefix}face-tagged.fifo")["QueueUrl"])
    ran = run("migrate", "--to-queue", f"sqs://{aws.prefix}")
    assert "SQS counts 1 messages fewer than it has confirmed." in ran.out


@pytest.mark.rule("migrate-problems-first")
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "at least one of --to-images, --to-database, --to-queue"),
        (["--to-images", "s3://no"], "--to-images should be a folder or s3://BUCKET/PREFIX"),
        (["--to-images", "data/images"], "--to-images names where the pictures are already"),
        (["--to-images", ""], "--to-images is empty"),
        (["--to-queue", "sqs:/x"], "--to-queue should be disk, or sqs://PREFIX"),
        (["--to-queue", "disk"], "--to-queue goes from the disk to sqs://PREFIX only"),
    ],
)
def test_where_nothing_can_go_is_told_at_once(
    run: Run, tmp_path: Path, options: list[str], says: str
) -> None:
    ran = run("migrate", *options, DATA_DIR="data")
    assert (ran.code, ran.out) == (1, "")
    assert says in ran.err
    assert not (tmp_path / "data").exists()


@pytest.mark.rule("migrate-problems-first")
def test_all_problems_come_at_once(run: Run) -> None:
    ran = run("migrate", "--to-images", "s3://no", "--to-queue", "disk", "--to-database", "mysql://x")
    assert [line.split()[0] for line in ran.err.splitlines()] == [
        "--to-images", "--to-database", "--to-queue",
    ]  # fmt: skip


@pytest.mark.rule("migrate-problems-first")
def test_from_sqs_no_message_can_be_moved(run: Run) -> None:
    ran = run("migrate", "--to-queue", "sqs://other", QUEUE_URL="sqs://one")
    assert ran.code == 1
    assert "cannot be asked what it holds" in ran.err


@pytest.mark.rule("migrate-problems-first")
def test_an_address_that_is_wrong_is_told_without_its_password(run: Run) -> None:
    ran = run("migrate", "--to-database", "mysql://bot:hunter2@host/db")
    assert ran.code == 1
    assert "--to-database should be" in ran.err
    assert "hunter2" not in ran.err
