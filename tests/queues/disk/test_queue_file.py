"""The file: durable, and as small as can be."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from importlib.metadata import version

import pytest
from persistqueue import SQLiteAckQueue

from tagbot.lib.write_ahead_log import NORMAL
from tagbot.queues.disk import QueueUnusable
from tagbot.queues.disk.queue_file import QueueFile, make_durable
from tests.queues import NAME
from tests.queues.conftest import DiskEngine, take
from tests.queues.disk.helpers import sql


def test_every_connection_has_the_durability_declared_for_it(disk: DiskEngine) -> None:
    with closing(QueueFile(disk.file)) as file:
        for connection in (file._getter, file._putter):
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
    class InMemory(QueueFile):
        def _new_db_connection(self, path: str, multithreading: bool, timeout: float) -> sqlite3.Connection:  # noqa: ARG002 - persist-queue's signature
            connection = sqlite3.connect(":memory:")
            self._connections.append(connection)
            make_durable(connection)
            return connection

    with pytest.raises(QueueUnusable, match=f"{NAME}.db cannot be used: SQLite keeps"):
        InMemory(disk.file)


def test_what_was_closed_is_left_alone_by_the_collector_in_whatever_thread(disk: DiskEngine) -> None:
    class OfOneThread(QueueFile):
        def _new_db_connection(self, path: str, multithreading: bool, timeout: float) -> sqlite3.Connection:  # noqa: ARG002 - persist-queue's signature
            return super()._new_db_connection(path, False, timeout)

    file = OfOneThread(disk.file)
    file.close()
    with ThreadPoolExecutor(1) as another:
        another.submit(file.__del__).result(timeout=10)


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


def test_persist_queue_is_as_it_was_when_this_was_written() -> None:
    assert version("persist-queue") == "1.1.0"
    names = ["_init", "_new_db_connection", "_table_name", "_SQL_CREATE"]
    assert [name for name in names if not hasattr(SQLiteAckQueue, name)] == []


def test_persist_queue_has_the_connections_locks_and_table_that_are_used(disk: DiskEngine) -> None:
    with closing(QueueFile(disk.file)) as file:
        assert file._table_name == "`ack_queue_messages`"
        assert file._connections == [file._getter, file._putter]
        assert not file.action_lock.locked()
        assert not file.tran_lock.locked()


def test_nothing_is_ever_unpickled(disk: DiskEngine) -> None:
    with closing(QueueFile(disk.file)) as file:
        assert file._serializer.__name__ == "persistqueue.serializers.json"
