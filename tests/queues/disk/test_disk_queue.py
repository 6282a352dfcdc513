"""The queue of the running bot: a file that cannot be used, unreadable rows, a disk that refuses."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tagbot.errors import Retry
from tagbot.queues import Counts
from tagbot.queues.disk import QueueUnusable
from tagbot.queues.disk.disk_queue import DiskQueue
from tests.queues.conftest import DiskEngine, ids, take
from tests.queues.disk.helpers import A_MINUTE, damage, sql, watched

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
    monkeypatch.setattr("tagbot.queues.disk.queue_file.BUSY_SECONDS", 0.01)
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
    with disk.running() as queue, pytest.raises(QueueUnusable):
        queue.get(0)
    disk.file.unlink()
    assert queue.get(0) is None
    assert isinstance(queue, DiskQueue)
    queue._try_to_open()  # as a worker that was about to, when it was closed
    assert not disk.file.exists()


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


@pytest.mark.rule("cheap-put")
def test_who_took_the_last_message_waits_for_the_next_without_a_look(disk: DiskEngine) -> None:
    looks: list[str] = []
    with watched(disk, A_MINUTE) as (queue, about_to_wait), ThreadPoolExecutor() as pool:
        for number in range(3):
            queue.put(f"m{number}", "face", {})
        assert queue._file is not None
        queue._file._putter.set_trace_callback(looks.append)
        taken = [pool.submit(queue.get, A_MINUTE).result(timeout=5) for _ in range(3)]
        assert [each.id for each in taken if each is not None] == ["m0", "m1", "m2"]
        waiting = pool.submit(queue.get, A_MINUTE)
        assert about_to_wait.wait(5)
        assert sum("RETURNING" in each for each in looks) == 3
        queue.put("m3", "face", {})
        last = waiting.result(timeout=5)
        assert last is not None


@pytest.mark.rule("cheap-put")
def test_a_worker_begins_while_whoever_puts_waits_for_the_disk(disk: DiskEngine) -> None:
    with watched(disk, A_MINUTE) as (queue, about_to_wait), ThreadPoolExecutor() as pool:
        waiting = pool.submit(queue.get, A_MINUTE)
        assert about_to_wait.wait(5)
        assert queue._file is not None
        with queue._file._log._lock:  # the disk takes its time
            putting = pool.submit(queue.put, "m1", "face1", {})
            delivery = waiting.result(timeout=5)
            assert delivery is not None
            assert not putting.done(), "nobody may think that it is safe already"
            delivery.ack()
        putting.result(timeout=5)
