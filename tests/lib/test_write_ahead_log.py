"""Waiting for the disk together."""

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tagbot.lib.sqlite_errors import with_advice
from tagbot.lib.write_ahead_log import NORMAL, ROOM_BYTES, WriteAheadLog


class Table:
    """A table with one column, in a file whose commits wait for no disk."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.log = WriteAheadLog(file, self._checkpointed)
        self.connection = self.connect()
        self.connection.execute("CREATE TABLE numbers (number INTEGER)")

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.file, isolation_level=None, check_same_thread=False, timeout=0)
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute(f"PRAGMA synchronous = {NORMAL}")
        return connection

    def commit(self, number: int) -> None:
        self.connection.execute("INSERT INTO numbers VALUES (?)", (number,))

    def in_file_alone(self) -> list[int]:
        """What is left when the log is lost."""
        alone = self.file.with_name("alone.db")
        alone.write_bytes(self.file.read_bytes())
        with closing(sqlite3.connect(alone)) as connection:
            return [number for (number,) in connection.execute("SELECT number FROM numbers")]

    def _checkpointed(self) -> bool:
        busy, _, _ = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy


class Disk:
    """The real one, at which a test can look and wait; it refuses when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.synced: list[str] = []
        """Names of files."""
        self.descriptors: list[int] = []
        """Of the same files."""
        self.refuses: int | None = None
        """The error number."""
        self.asked = threading.Semaphore(0)
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        real = os.fdatasync

        def fdatasync(descriptor: int) -> None:
            self.asked.release()
            self.may_go_on.wait()
            if self.refuses is not None:
                raise OSError(self.refuses, os.strerror(self.refuses))
            real(descriptor)
            self.synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
            self.descriptors.append(descriptor)

        monkeypatch.setattr("tagbot.lib.write_ahead_log.os.fdatasync", fdatasync)


@pytest.fixture(name="table")
def _table(tmp_path: Path) -> Iterator[Table]:
    table = Table(tmp_path / "table.db")
    yield table
    table.connection.close()
    table.log.close()


@pytest.fixture(name="disk")
def _disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_who_waits_has_the_log_synced(table: Table, disk: Disk) -> None:
    table.commit(1)
    assert disk.synced == []
    table.log.wait()
    assert disk.synced == ["table.db-wal"]
    table.commit(2)
    table.log.wait()
    assert disk.synced == ["table.db-wal"] * 2


def test_whoever_commits_while_others_wait_is_served_by_the_next_wait_and_one_serves_all(
    table: Table, disk: Disk
) -> None:
    disk.may_go_on.clear()
    with ThreadPoolExecutor(4) as pool:
        table.commit(0)
        first = pool.submit(table.log.wait)
        disk.asked.acquire()
        begun = threading.Barrier(4)

        def later() -> None:
            begun.wait()
            table.log.wait()

        others = [pool.submit(later) for _ in range(3)]
        begun.wait()
        assert not any(waiter.done() for waiter in (first, *others)), "nothing of it is on the disk"
        disk.may_go_on.set()
        for waiter in (first, *others):
            waiter.result()
    # Those that took their number only after the second one had begun have a third one.
    assert 2 <= len(disk.synced) <= 4
    numbers = [next(table.log._numbers) for _ in range(2)]
    assert numbers[0] >= table.log._synced, "nobody who comes now is taken for served"


def test_four_who_wait_at_the_same_time_take_two_waits(table: Table, disk: Disk) -> None:
    disk.may_go_on.clear()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(table.log.wait)
        disk.asked.acquire()
        before = next(table.log._numbers)
        others = [pool.submit(table.log.wait) for _ in range(3)]
        while next(table.log._numbers) < before + 4:  # each of them takes one as it comes
            pass
        disk.may_go_on.set()
        for waiter in (first, *others):
            waiter.result()
    assert len(disk.synced) == 2


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.EIO, "disk I/O error: Input/output error (look after the disk)"),
        (errno.ENOSPC, "database or disk is full (make room on the disk)"),
    ],
)
def test_a_refusal_is_told_as_sqlite_tells_it(table: Table, disk: Disk, number: int, says: str) -> None:
    disk.refuses = number
    with pytest.raises(sqlite3.OperationalError) as refused:
        table.log.wait()
    assert with_advice(refused.value) == says


def test_after_a_refusal_nothing_counts_as_synced_that_is_not_in_the_file(table: Table, disk: Disk) -> None:
    table.commit(1)
    disk.refuses = errno.EIO
    with pytest.raises(sqlite3.OperationalError):
        table.log.wait()
    disk.refuses = None  # Linux answers the next one well, and has forgotten what it could not write

    with closing(table.connect()) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM numbers").fetchall()
        table.commit(2)
        with pytest.raises(sqlite3.OperationalError, match="it is not there yet"):
            table.log.wait()
        reader.execute("COMMIT")
    table.log.wait()
    assert table.in_file_alone() == [1, 2]

    table.commit(3)
    table.log.wait()
    assert table.in_file_alone() == [1, 2], "all is as before the refusal"


def test_the_log_that_is_synced_is_the_one_in_use(table: Table, disk: Disk) -> None:
    table.commit(1)
    table.log.wait()
    table.connection.close()
    assert not Path(f"{table.file}-wal").exists()
    table.connection = table.connect()
    table.commit(2)
    table.log.wait()
    assert disk.synced == ["table.db-wal"] * 2, "no file that has been removed"


def test_the_log_stays_open_so_that_a_sync_of_sqlites_own_that_fails_is_not_missed(
    table: Table, disk: Disk
) -> None:
    table.commit(1)
    table.log.wait()
    # A file that is opened gets the lowest free number: the log would get another, had it been closed.
    with Path(os.devnull).open("rb"):
        table.commit(2)
        table.log.wait()
    assert len(set(disk.descriptors)) == 1
    table.log.close()
    assert not Path(f"/proc/self/fd/{disk.descriptors[0]}").exists()


@pytest.mark.rule("cheap-put")
def test_the_log_grows_ahead_of_what_is_written(table: Table) -> None:
    """A longer file is what makes a sync slow."""
    log = Path(f"{table.file}-wal")
    lengths = []
    for number in range(40):
        table.commit(number)
        table.log.wait()
        lengths.append(log.stat().st_size)
    assert len(set(lengths)) <= 1 + lengths[-1] // ROOM_BYTES < 10
    assert lengths[-1] > ROOM_BYTES
    with closing(table.connect()) as reader:
        assert reader.execute("SELECT count(*) FROM numbers").fetchone() == (40,)


def test_what_a_dead_process_made_room_for_takes_nothing_from_what_it_wrote(table: Table) -> None:
    for number in range(3):
        table.commit(number)
        table.log.wait()
    left = table.file.with_name("left.db")
    for end in ("", "-wal"):
        Path(f"{left}{end}").write_bytes(Path(f"{table.file}{end}").read_bytes())
    with closing(sqlite3.connect(left)) as connection:
        assert connection.execute("SELECT number FROM numbers").fetchall() == [(0,), (1,), (2,)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_without_room_on_the_disk_what_was_written_is_synced(
    table: Table, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    table.commit(1)
    monkeypatch.setattr("tagbot.lib.write_ahead_log.os.write", refuse)
    table.log.wait()
    assert disk.synced == ["table.db-wal"]
