"""What the queues on disk promise beyond the contract."""

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import pytest
from persistqueue import SQLiteAckQueue

from tagbot.errors import Retry
from tagbot.lib.process_lock import AlreadyRunning
from tagbot.lib.write_ahead_log import NORMAL
from tagbot.queues import MAX_CRASHES, Counts, Failing, Queue
from tagbot.queues.disk import (
    QueueUnusable,
    _DiskQueue,
    _Rows,
    _UnusableQueue,
    disk_queues,
    disk_queues_beside,
    make_durable,
)
from tagbot.queues.envelope import Envelope
from tests.queues import NAME
from tests.queues.conftest import DiskEngine, ids, take


@contextmanager
def sql(disk: DiskEngine) -> Iterator[sqlite3.Connection]:
    """The file as whoever has a `sqlite3` at hand sees it."""
    with closing(sqlite3.connect(disk.file, isolation_level=None, timeout=0)) as connection:
        yield connection


def child(verb: str, disk: DiskEngine, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.queues.child", verb, str(disk.directory), str(number)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@contextmanager
def killed(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """SIGKILL, whatever happens."""
    with process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


# Killed.


@pytest.mark.rule("durable-queues")
def test_what_was_put_before_a_kill_is_there(disk: DiskEngine) -> None:
    stored: list[str] = []
    for _ in range(3):
        with killed(child("put", disk, len(stored))) as process:
            stored.extend(line(process) for _ in range(100))
            process.kill()
            assert process.stdout is not None
            stored.extend(process.stdout.read().split())
    with disk.running() as queue:
        found = ids(queue)
    assert set(stored) <= set(found)
    assert len(found) == len(set(found))


def test_after_a_kill_what_was_in_hand_comes_back_and_what_was_delayed_is_not_early(disk: DiskEngine) -> None:
    with killed(child("take", disk, 3)) as process:
        parked, in_hand = line(process).split()
    disk.clock.now = time.time()
    with disk.running() as queue:
        assert queue.counts() == Counts(ready=2, delayed=1)
        assert ids(queue) == [in_hand, "m2"]
        disk.pass_time(3600)
        assert ids(queue) == [parked]


@pytest.mark.failure("message-crashes-bot")
def test_a_message_in_hand_at_too_many_crashes_becomes_a_dead_letter(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
    for _ in range(MAX_CRASHES):
        with disk.running() as queue:
            assert take(queue).attempt == 1, "a crash is no attempt"
    with disk.running() as queue:
        assert queue.counts() == Counts(dead=1)
        assert queue.troubles()[0].error == "the bot crashed 5 times while it worked on this"
        assert queue.redrive() == 1
        take(queue)
    with disk.running() as queue:
        assert queue.counts() == Counts(ready=1), "crashes are counted anew as well"


def test_crashes_count_in_a_row_only(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
    for _ in range(2 * MAX_CRASHES):
        with disk.running() as queue:
            take(queue).retry_after(0, "busy")
            take(queue)
    with disk.running() as queue:
        assert queue.counts() == Counts(ready=1)


def test_a_crash_that_a_message_only_waited_through_speaks_for_it(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
    for _ in range(2 * MAX_CRASHES):
        with disk.running() as queue:
            take(queue)
        with disk.running():
            pass
    with disk.running() as queue:
        assert queue.counts() == Counts(ready=1)


# Exact.


def test_messages_come_in_the_order_of_their_putting_whatever_they_are_about(disk: DiskEngine) -> None:
    with disk.running() as queue:
        for number in (3, 1, 2):
            queue.put(f"m{number}", f"face{number}", {})
        assert ids(queue) == ["m3", "m1", "m2"]


def test_a_twin_is_not_even_stored(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        queue.put("m1", "face1", {})
        take(queue).retry_after(30, "busy")
        queue.put("m1", "face1", {})
        disk.pass_time(30)
        assert take(queue).attempt == 2
        assert queue.counts() == Counts(in_flight=1)


def test_no_message_is_held_that_is_not_there(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        assert (queue.holds("m1"), queue.holds("m2")) == (True, False)


def test_what_is_redriven_has_been_waiting_since_it_was_first_seen(disk: DiskEngine) -> None:
    with disk.running() as queue:
        begin = disk.clock.now
        queue.put("m1", "face1", {})
        disk.pass_time(10)
        queue.put("m2", "face2", {})
        take(queue).bury("gone")
        assert queue.oldest() == begin + 10
        assert queue.redrive() == 1
        assert queue.oldest() == begin


# Durable.


def test_every_connection_has_the_durability_declared_for_it(disk: DiskEngine) -> None:
    with closing(_Rows(disk.file)) as rows:
        for connection in (rows._getter, rows._putter):
            connection.text_factory = str
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert connection.execute("PRAGMA synchronous").fetchone() == (NORMAL,)
            assert connection.execute("PRAGMA fullfsync").fetchone() == (1,)


def test_a_database_that_ignores_a_setting_is_refused() -> None:
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(QueueUnusable, match="SQLite keeps journal_mode at memory, not wal"),
    ):
        make_durable(connection)


def test_a_queue_whose_durability_cannot_be_had_does_not_open(disk: DiskEngine) -> None:
    class InMemory(_Rows):
        def _new_db_connection(self, path: str, multithreading: bool, timeout: float) -> sqlite3.Connection:  # noqa: ARG002 - persist-queue's signature
            connection = sqlite3.connect(":memory:")
            self._connections.append(connection)
            make_durable(connection)
            return connection

    with pytest.raises(QueueUnusable, match=f"{NAME}.db cannot be used: SQLite keeps"):
        InMemory(disk.file)


@pytest.mark.rule("durable-queues")
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: no sync is seen")
def test_a_put_is_on_the_disk_when_it_returns(disk: DiskEngine, tmp_path: Path) -> None:
    report = tmp_path / "calls.txt"
    command = [sys.executable, "-m", "tests.queues.child", "put-some", str(disk.directory), "50"]
    strace = ["strace", "-f", "-y", "-s", "8", "-e", "trace=write,pwrite64,fdatasync", "-o", str(report)]
    run = subprocess.run([*strace, *command], capture_output=True, text=True, check=False)
    if "ptrace" in run.stderr:
        pytest.skip("tracing is not permitted here: what is synced is not seen")
    assert run.returncode == 0, run.stderr
    # From the last line that tells of a put back: its message was written to the log, which was synced then.
    what_happened = "".join(
        "T" if "<pipe:" in call else "S" if "fdatasync(" in call else "W"
        for call in report.read_text().splitlines()
        if re.search(r"\bwrite\(1<pipe:|-wal>", call)
    )
    puts = what_happened.split("T")[:-1]
    assert len(puts) == 50
    assert all(re.fullmatch(r".*W+S", put) for put in puts), what_happened


# In the way: other processes, a full disk, bytes that are no message.


@pytest.mark.rule("second-bot-refused")
def test_a_second_process_is_refused_and_takes_nothing(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        take(queue)
        with killed(child("put-some", disk, 1)) as process:
            _, said = process.communicate(timeout=30)
        assert process.returncode == 1
        assert re.search(r"another process \(\d+\) is running: it holds .*lock", said)
        with pytest.raises(AlreadyRunning), disk.running():
            pass
        assert queue.counts() == Counts(in_flight=1)


@pytest.mark.rule("commands-beside-bot")
def test_a_look_from_beside_changes_nothing(disk: DiskEngine) -> None:
    with disk.running() as queue:
        for each in range(4):
            queue.put(f"m{each}", "face", {})
        take(queue).retry_after(30, "busy")
        take(queue).bury("bad")
        delivery = take(queue)
        with disk.beside() as beside:
            assert beside.counts() == queue.counts() == Counts(1, 1, 1, 1)
            assert beside.troubles() == queue.troubles()
            assert beside.holds("m1")
        assert queue.counts() == Counts(1, 1, 1, 1)
        delivery.ack()
        assert queue.counts() == Counts(1, 1, 0, 1)


def test_a_look_makes_no_file(disk: DiskEngine) -> None:
    with disk.beside() as beside:
        assert (beside.counts(), beside.troubles(), beside.holds("m1")) == (Counts(), [], False)
        assert beside.redrive() == 0
    assert not disk.directory.exists()


def test_a_look_while_no_bot_runs_sees_what_is_on_the_disk(disk: DiskEngine) -> None:
    with disk.running() as queue:
        for each in range(3):
            queue.put(f"m{each}", "face", {})
        take(queue).retry_after(30, "busy")
        take(queue)
    with disk.beside() as beside:
        assert beside.counts() == Counts(ready=1, delayed=1, in_flight=1)


class Watched(_DiskQueue):
    """Says when a `get` is about to wait."""

    def __init__(self, disk: DiskEngine, **how: float) -> None:
        super().__init__(disk.directory, NAME, disk.clock, **how)
        self.about_to_wait = threading.Event()

    def _wait(self, news: int, seconds: float) -> None:
        self.about_to_wait.set()
        super()._wait(news, seconds)


def test_a_redrive_and_a_put_from_beside_reach_a_waiting_worker(disk: DiskEngine) -> None:
    with closing(Watched(disk)) as queue, disk.beside() as beside, ThreadPoolExecutor() as pool:
        queue.put("m1", "face1", {})
        take(queue).bury("bad")
        for act in (beside.redrive, lambda: beside.put("m2", "face2", {})):
            queue.about_to_wait.clear()
            waiting = pool.submit(queue.get, 30)
            assert queue.about_to_wait.wait(5)
            act()
            assert waiting.result(timeout=5) is not None


def test_a_look_works_while_somebody_writes(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        with sql(disk) as other:
            other.execute("BEGIN IMMEDIATE")
            with disk.beside() as beside:
                assert beside.counts() == Counts(ready=1)


def test_a_put_from_beside_waits_for_a_bot(disk: DiskEngine) -> None:
    with disk.beside() as beside:
        beside.put("m1", "face1", {})
    with disk.running() as queue:
        assert ids(queue) == ["m1"]


POISON = [
    b"\xff\xfe\x00",
    b"no JSON",
    b"",
    None,
    42,
    "[" * 100_000,
    "[]",
    json.dumps({"id": "x", "key": "y"}),
    json.dumps({"id": 1, "key": "y", "body": {}}),
    json.dumps({"id": "x", "key": "y", "body": []}),
]


def test_a_file_of_a_version_that_did_not_know_since_when_messages_fail_is_taken_up(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face", {})
        queue.put("m2", "face", {})
        take(queue).retry_after(30, "busy")
    with sql(disk) as connection:
        connection.execute("DROP INDEX failing")
        connection.execute("ALTER TABLE ack_queue_messages DROP COLUMN failing_since")
    disk.pass_time(31)
    with disk.running() as queue, disk.beside() as beside:
        assert queue.failing() == Failing(), "nobody knows"
        assert beside.counts() == queue.counts()
        while (delivery := queue.get(0)) is not None:
            delivery.retry_after(30, "busy")
        assert queue.failing() == Failing(tried=disk.clock.now)


@pytest.mark.failure("row-unreadable")
def test_unreadable_rows_become_dead_letters_as_they_are_and_hold_up_nobody(disk: DiskEngine) -> None:
    with disk.running() as queue:
        with sql(disk) as connection:
            connection.executemany(
                "INSERT INTO ack_queue_messages (data, timestamp, status) VALUES (?, 0, 1)",
                [(data,) for data in POISON],
            )
            connection.execute("UPDATE ack_queue_messages SET data = CAST(data AS TEXT) WHERE _id = 1")
        queue.put("good", "face", {})
        assert ids(queue) == ["good"]
        assert queue.counts() == Counts(in_flight=1, dead=len(POISON))
        assert {each.error for each in queue.troubles()} == {
            "unreadable message: no JSON",
            "unreadable message: a field is missing",
        }
        assert queue.redrive() == len(POISON)
        assert queue.get(0) is None
        with sql(disk) as connection:
            rows = connection.execute(
                "SELECT CAST(data AS BLOB), data FROM ack_queue_messages WHERE status = 9 AND _id > 1"
            )
            assert [row[1] for row in rows] == POISON[1:]


DAMAGED = b"certainly no database" * 100
WHICH_AND_WHAT_TO_DO = rf"{NAME}.db cannot be used: file is not a database \(stop the bot, then restore"


def damage(disk: DiskEngine) -> None:
    disk.directory.mkdir(exist_ok=True)
    disk.file.write_bytes(DAMAGED)


@pytest.mark.parametrize("beside", [True, False])
def test_a_damaged_file_is_told_by_name_whatever_is_asked_and_stays_as_it_is(
    disk: DiskEngine, beside: bool
) -> None:
    damage(disk)
    with disk.beside() if beside else disk.running() as queue:
        asks: list[Callable[[], object]] = [
            lambda: queue.put("m1", "face1", {}), queue.counts, queue.troubles, queue.oldest,
            lambda: queue.holds("m1"), queue.redrive,
        ]  # fmt: skip
        for ask in asks:
            with pytest.raises(QueueUnusable, match=WHICH_AND_WHAT_TO_DO):
                ask()
    assert disk.file.read_bytes() == DAMAGED


def test_a_damaged_file_gives_nothing_and_holds_up_no_other_queue(disk: DiskEngine) -> None:
    damage(disk)
    with disk_queues(disk.directory, [NAME, "face-undo"]) as queues:
        with pytest.raises(QueueUnusable, match=WHICH_AND_WHAT_TO_DO):
            queues[NAME].get(0)
        with pytest.raises(QueueUnusable, match=WHICH_AND_WHAT_TO_DO):
            queues[NAME].tidy()
        queues["face-undo"].put("m1", "face1", {})
        assert take(queues["face-undo"]).id == "m1"
    assert disk.file.read_bytes() == DAMAGED


def test_a_file_that_is_restored_while_the_bot_runs_is_taken_up_again(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
    whole = disk.file.read_bytes()
    damage(disk)
    with disk.running() as queue:
        with pytest.raises(QueueUnusable):
            queue.get(0)
        disk.file.write_bytes(whole)
        assert take(queue).id == "m1"
        assert queue.counts() == Counts(in_flight=1)
    with pytest.raises(Retry):
        queue.counts()


@pytest.mark.failure("readme-queue-damaged", "queue-damaged", shows="what happens")
def test_a_file_that_another_program_holds_at_the_start_is_taken_up_once_it_lets_go(
    disk: DiskEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tagbot.queues.disk.BUSY_SECONDS", 0.01)
    with disk.running() as queue:
        queue.put("m1", "face1", {})
    with closing(sqlite3.connect(disk.file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with disk.running() as queue:
            with pytest.raises(QueueUnusable, match="another program holds it"):
                queue.get(0)
            other.close()
            assert take(queue).id == "m1"


def test_a_damaged_queue_that_is_closed_gives_nothing_and_opens_nothing(disk: DiskEngine) -> None:
    damage(disk)
    with disk.running() as queue:
        assert isinstance(queue, _UnusableQueue)
    disk.file.unlink()
    assert queue.get(0) is None
    queue._try_to_open()  # as a worker that was about to, when it was closed
    assert not disk.file.exists()


def full(queue: Queue) -> None:
    """Let the disk be full, as far as this queue's files go."""
    assert isinstance(queue, _DiskQueue)
    for connection in queue._rows._connections:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_put_on_a_full_disk_is_a_retry_that_says_so(disk: DiskEngine) -> None:
    with disk.running() as queue:
        full(queue)
        with pytest.raises(Retry, match=f"the queue {NAME} cannot be reached: database or disk is full"):
            queue.put("m1", "face1", {"text": "x" * 100_000})


def test_while_another_process_writes_for_long_all_is_a_retry_and_nothing_is_lost(disk: DiskEngine) -> None:
    with disk.running() as queue, sql(disk) as other:
        assert isinstance(queue, _DiskQueue)
        queue.put("m1", "face1", {})
        queue.put("m2", "face2", {})
        delivery = take(queue)
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(4) as pool:
            acknowledgement = pool.submit(delivery.ack)
            for refused in (
                pool.submit(queue.redrive),
                pool.submit(lambda: queue.get(0)),
                pool.submit(lambda: queue.put("m3", "face3", {})),
            ):
                assert "database is locked" in str(refused.exception())
            acknowledgement.result()
        assert queue.counts() == Counts(ready=1, in_flight=1), "the acknowledgement waits"
        other.execute("ROLLBACK")
        assert ids(queue) == ["m2"]
        assert queue.counts() == Counts(in_flight=1)


@pytest.mark.failure("queue-locked", shows="what happens")
def test_a_put_gives_up_on_a_busy_file_before_slack_does_whoever_else_waits_for_it(disk: DiskEngine) -> None:
    def seconds_of_a_put(number: int) -> float:
        begun = time.monotonic()
        with pytest.raises(Retry, match="database is locked"):
            queue.put(f"m{number}", "face", {})
        return time.monotonic() - begun

    def work() -> None:
        while not over.is_set():
            with suppress(Retry):
                queue.get(0)

    over = threading.Event()
    with disk.running() as queue, sql(disk) as other, ThreadPoolExecutor(8) as pool:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            pool.submit(work)
        try:
            assert max(pool.map(seconds_of_a_put, range(5))) < 3
        finally:
            over.set()


def test_a_put_waits_for_a_short_write_of_another_process(disk: DiskEngine) -> None:
    with disk.running() as queue, sql(disk) as other, ThreadPoolExecutor(1) as pool:
        other.execute("BEGIN IMMEDIATE")
        put = pool.submit(queue.put, "m1", "face", {})
        with pytest.raises(TimeoutError):
            put.result(0.1)
        other.execute("ROLLBACK")
        put.result()
        assert ids(queue) == ["m1"]


def test_after_closing_everything_is_a_retry(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        delivery = take(queue)
        queue.close()
        for act in (lambda: queue.put("m2", "face2", {}), queue.counts, queue.tidy):
            with pytest.raises(Retry):
                act()
        assert queue.get(0) is None
        delivery.ack()
    with disk.running() as queue:
        assert ids(queue) == ["m1"]


# Time.


def test_a_clock_set_back_parks_no_message_for_longer_than_was_asked(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        take(queue).retry_after(30, "busy")
        disk.pass_time(-86_400)
        assert queue.get(0) is None
        disk.pass_time(30)
        assert ids(queue) == ["m1"]


def test_a_clock_set_back_while_no_bot_runs_neither(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        take(queue).retry_after(30, "busy")
    disk.pass_time(-86_400)
    with disk.running() as queue:
        assert queue.get(0) is None
        disk.pass_time(30)
        assert ids(queue) == ["m1"]


def test_a_get_waits_exactly_until_a_retry_is_due(tmp_path: Path) -> None:
    with disk_queues(tmp_path / "queues", [NAME]) as queues:
        queue = queues[NAME]
        queue.put("m1", "face1", {})
        take(queue).retry_after(0.1, "busy")
        started = time.time()
        assert queue.get(5) is not None
        assert 0.05 < time.time() - started < 0.2


A_MINUTE = 60
"""Between two looks at the file: whoever is not woken waits for as long, and the test fails."""


def test_no_wake_up_is_lost(disk: DiskEngine) -> None:
    handled = threading.Semaphore(0)
    with closing(Watched(disk, look_seconds=A_MINUTE)) as queue, ThreadPoolExecutor() as pool:

        def work() -> None:
            while (delivery := queue.get(A_MINUTE)) is not None:
                delivery.ack()
                handled.release()

        worker = pool.submit(work)
        for number in range(500):
            queue.put(f"m{number}", "face", {})
            assert handled.acquire(timeout=5)
        queue.close()
        worker.result(timeout=5)


def test_a_put_between_a_look_and_the_wait_after_it_is_not_missed(disk: DiskEngine) -> None:
    class Racing(Watched):
        def _wait(self, news: int, seconds: float) -> None:
            self.put("m1", "face1", {})
            super()._wait(news, seconds)

    with closing(Racing(disk, look_seconds=A_MINUTE)) as queue, ThreadPoolExecutor() as pool:
        assert pool.submit(queue.get, A_MINUTE).result(timeout=5) is not None


@pytest.mark.rule("cheap-put")
def test_who_took_the_last_message_waits_for_the_next_without_a_look(disk: DiskEngine) -> None:
    looks: list[str] = []
    with closing(Watched(disk, look_seconds=A_MINUTE)) as queue, ThreadPoolExecutor() as pool:
        for number in range(3):
            queue.put(f"m{number}", "face", {})
        queue._rows._putter.set_trace_callback(looks.append)
        taken = [pool.submit(queue.get, A_MINUTE).result(timeout=5) for _ in range(3)]
        assert [each.id for each in taken if each is not None] == ["m0", "m1", "m2"]
        waiting = pool.submit(queue.get, A_MINUTE)
        assert queue.about_to_wait.wait(5)
        assert sum("RETURNING" in each for each in looks) == 3
        queue.put("m3", "face", {})
        last = waiting.result(timeout=5)
        assert last is not None


@pytest.mark.rule("cheap-put")
def test_a_worker_begins_while_whoever_puts_waits_for_the_disk(disk: DiskEngine) -> None:
    with closing(Watched(disk, look_seconds=A_MINUTE)) as queue, ThreadPoolExecutor() as pool:
        waiting = pool.submit(queue.get, A_MINUTE)
        assert queue.about_to_wait.wait(5)
        with queue._rows._log._lock:  # the disk takes its time
            putting = pool.submit(queue.put, "m1", "face1", {})
            delivery = waiting.result(timeout=5)
            assert delivery is not None
            assert not putting.done(), "nobody may think that it is safe already"
            delivery.ack()
        putting.result(timeout=5)


def test_closing_and_a_shorter_delay_wake_who_waits(disk: DiskEngine) -> None:
    with closing(Watched(disk, look_seconds=A_MINUTE)) as queue, ThreadPoolExecutor() as pool:
        queue.put("m1", "face1", {})
        delivery = take(queue)
        acts: list[Callable[[], None]] = [lambda: delivery.retry_after(0, "busy"), queue.close]
        for act in acts:
            queue.about_to_wait.clear()
            waiting = pool.submit(queue.get, A_MINUTE)
            assert queue.about_to_wait.wait(5)
            act()
            waiting.result(timeout=5)


# Flat.


def test_no_question_reads_through_the_dead_letters(disk: DiskEngine) -> None:
    with closing(_Rows(disk.file)) as rows:
        asked: list[str] = []
        for connection in rows._connections:
            connection.set_trace_callback(asked.append)
        rows.put(Envelope("m1", "face1", {}), 0)
        rows.claim()
        rows.park(1, 1, 1, "busy")
        rows.wake(2)
        rows.next_due()
        rows.counts()
        rows.troubles()
        rows.oldest()
        rows.holds("m1")
        rows.resume()
        rows.shorten(0)
        plans = {
            statement: rows._getter.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            for statement in set(asked)
            if not statement.startswith("--")
        }
    scans = [
        (statement, step[3].decode())
        for statement, steps in plans.items()
        for step in steps
        if step[3].startswith(b"SCAN") and b"COVERING INDEX" not in step[3] and b"CONSTANT" not in step[3]
    ]
    assert len(plans) >= 11
    assert scans == []


def test_a_thousand_dead_letters_are_redriven_within_two_seconds(disk: DiskEngine) -> None:
    with disk.running() as queue:
        with sql(disk) as connection:
            connection.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
                " INSERT INTO ack_queue_messages (data, timestamp, status, message_id, error)"
                " SELECT '{}', 0, 9, 'm' || i, 'bad' FROM n"
            )
        started = time.monotonic()
        assert queue.redrive() == 1000
        assert time.monotonic() - started < 2
        assert queue.counts() == Counts(ready=1000)


def test_earlier_errors_are_kept_by_a_redrive(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        for error in ("first", "second"):
            take(queue).bury(error)
            queue.redrive()
        with sql(disk) as connection:
            (errors,) = connection.execute("SELECT past_errors FROM ack_queue_messages").fetchone()
    assert errors == "first\nsecond\n"


def test_done_messages_leave_nothing_behind_and_the_files_stay_small(disk: DiskEngine) -> None:
    with disk.running() as queue:
        for _ in range(3):  # each leaves a log of 3 MB
            for number in range(150):
                queue.put(f"m{number}", "face", {"text": "x" * 1000})
                take(queue).ack()
            queue.tidy()
        with sql(disk) as connection:
            assert connection.execute("SELECT count(*) FROM ack_queue_messages").fetchone() == (0,)
        assert sum(file.stat().st_size for file in disk.directory.iterdir()) < 4_000_000


# What of persist-queue's inside this builds on.


def test_persist_queue_is_as_it_was_when_this_was_written() -> None:
    assert version("persist-queue") == "1.1.0"
    names = ["_init", "_new_db_connection", "_table_name", "_SQL_CREATE"]
    assert [name for name in names if not hasattr(SQLiteAckQueue, name)] == []


def test_persist_queue_has_the_connections_locks_and_table_that_are_used(disk: DiskEngine) -> None:
    with closing(_Rows(disk.file)) as rows:
        assert rows._table_name == "`ack_queue_messages`"
        assert rows._connections == [rows._getter, rows._putter]
        assert not rows.action_lock.locked()
        assert not rows.tran_lock.locked()


def test_nothing_is_ever_unpickled(disk: DiskEngine) -> None:
    with closing(_Rows(disk.file)) as rows:
        assert rows._serializer.__name__ == "persistqueue.serializers.json"


def test_queues_beside_are_closed(disk: DiskEngine) -> None:
    with disk.running(), disk_queues_beside(disk.directory, [NAME]) as queues:
        pass
    with pytest.raises(Retry):
        queues[NAME].counts()
