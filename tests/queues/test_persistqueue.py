"""What persist-queue does otherwise than a bot needs, and `tagbot/queues/disk/` makes up for.

Each test passes as long as it is so. One that fails after an upgrade says what can go.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import persistqueue.sqlackqueue
import pytest
from persistqueue import SQLiteAckQueue
from persistqueue.serializers import json as json_serializer
from persistqueue.serializers import pickle as pickle_serializer

TICK_SECONDS = 0.3
"""Ten seconds in earnest."""


def queue_in(folder: Path) -> SQLiteAckQueue:
    return SQLiteAckQueue(str(folder), multithreading=True, serializer=json_serializer)


@pytest.fixture(name="queue")
def _queue(tmp_path: Path) -> Iterator[SQLiteAckQueue]:
    with closing(queue_in(tmp_path)) as queue:
        yield queue


@pytest.mark.rule("upstream-pinned")
def test_a_get_may_sleep_through_a_put(queue: SQLiteAckQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persistqueue.sqlackqueue, "TICK_FOR_WAIT", TICK_SECONDS)
    once = iter([True])

    class Racing(threading.Event):
        """A put comes between the look that finds nothing and the wait."""

        def clear(self) -> None:
            if next(once, False):
                queue.put("ready")
            super().clear()

    queue.put_event = Racing()
    started = time.monotonic()
    assert queue.get() == "ready"
    assert time.monotonic() - started >= TICK_SECONDS, (
        "persist-queue's get() is woken by every put: `DiskQueue.get` may leave the waiting to it"
    )


def test_what_failed_is_handed_out_again_at_once_and_before_all_others(queue: SQLiteAckQueue) -> None:
    queue.put("bad")
    queue.put("good")
    for _ in range(5):
        taken = queue.get(block=False, raw=True)
        assert taken["data"] == "bad", "persist-queue lets a nack wait: `DELAYED` and `Delays` may go"
        queue.nack(id=taken["pqid"])


def test_a_row_that_cannot_be_read_is_no_dead_letter_and_raises_after_each_restart(tmp_path: Path) -> None:
    with closing(queue_in(tmp_path)) as queue:
        queue.put("soon broken")
    with closing(sqlite3.connect(tmp_path / "data.db")) as connection, connection:
        connection.execute("UPDATE ack_queue_default SET data = CAST('no json' AS BLOB)")
    for _ in range(2):
        with closing(queue_in(tmp_path)) as queue:
            with pytest.raises(ValueError, match="Expecting value"):
                queue.get(block=False)
            states = queue.unack_count(), queue.ack_failed_count()
            assert states == (1, 0), "persist-queue buries what it cannot read: `DiskQueue.get` need not"


def test_a_second_one_on_the_same_files_takes_what_the_first_has_in_hand(tmp_path: Path) -> None:
    with closing(queue_in(tmp_path)) as first:
        first.put("in hand")
        assert first.get(block=False) == "in hand"
        with closing(queue_in(tmp_path)) as second:
            assert second.ready_count() == 1, (
                "persist-queue takes nothing from another: `auto_resume=False` may go, and perhaps the lock"
            )


def test_a_crash_leaves_no_count(tmp_path: Path) -> None:
    for _ in range(3):
        with closing(queue_in(tmp_path)) as queue:
            if queue.size == 0:
                queue.put("crashes the bot")
            assert queue.get(block=False, raw=True).keys() == {"pqid", "data", "timestamp"}, (
                "persist-queue counts deliveries: the columns `crashes` and `attempt` may go"
            )


def test_done_messages_stay_in_the_file(queue: SQLiteAckQueue) -> None:
    queue.put("done")
    queue.ack(id=queue.get(block=False, raw=True)["pqid"])
    assert queue.acked_count() == 1, "persist-queue deletes what is done: `settling.drop` can be its ack"


def test_it_unpickles_unless_told_otherwise(tmp_path: Path) -> None:
    with closing(SQLiteAckQueue(str(tmp_path), multithreading=True)) as queue:
        assert queue._serializer is pickle_serializer, "persist-queue's default is safe: `serializer=` may go"


def test_how_durable_a_put_is_it_leaves_to_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    connect = sqlite3.connect

    def watched(*arguments: object, **more: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **more)  # type: ignore[call-overload]  # as they come
        connection.set_trace_callback(asked.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", watched)
    with closing(queue_in(tmp_path)) as queue:
        queue.put("x")
    pragmas = [statement for statement in asked if "pragma" in statement.lower()]
    assert any("journal_mode" in pragma for pragma in pragmas)
    assert not any("synchronous" in pragma for pragma in pragmas), (
        "persist-queue sets synchronous itself: see whether `make_durable` still has to"
    )
