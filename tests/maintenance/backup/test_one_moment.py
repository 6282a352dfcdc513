"""Files that other threads and processes write to are copied as all of them were at one moment."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tagbot.errors import Reject, Retry
from tagbot.maintenance.backup import one_moment
from tagbot.maintenance.backup.one_moment import at_one_moment

ROUNDS = 12


def a_file(path: Path, rows: int = 0) -> Path:
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode = wal")
        made.execute("CREATE TABLE noted (number INTEGER PRIMARY KEY, text TEXT)")
        made.executemany("INSERT INTO noted VALUES (?, ?)", [(number, "x" * 300) for number in range(rows)])
        made.commit()
    return path


def last_in(path: Path) -> int:
    with closing(sqlite3.connect(path)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(opened.execute("SELECT max(number) FROM noted").fetchone()[0])


def write_in_turn(files: list[Path], stop: threading.Event) -> None:
    """The number in each file is that of the file before, or one less."""
    connections = [sqlite3.connect(file, isolation_level=None, timeout=10) for file in files]
    number = 1_000_000
    while not stop.is_set():
        number += 1
        for connection in connections:
            connection.execute("INSERT INTO noted VALUES (?, 'y')", (number,))
    for connection in connections:
        connection.close()


@pytest.mark.rule("backup")
def test_a_message_that_goes_from_file_to_file_is_in_one_of_them(tmp_path: Path) -> None:
    files = [a_file(tmp_path / f"{name}.db", rows=2000) for name in "abc"]
    stop = threading.Event()
    writer = threading.Thread(target=write_in_turn, args=(files, stop))
    writer.start()
    moments = set()
    try:
        for _ in range(ROUNDS):
            with at_one_moment(files, lambda: None) as (at_once, _):
                for copied in (tmp_path / "copies").glob("*"):
                    copied.unlink()
                (tmp_path / "copies").mkdir(exist_ok=True)
                for file in files:  # which takes time, in which others write on
                    with at_once.copied(file, tmp_path / "copies" / file.name):
                        pass
            first, second, third = (last_in(tmp_path / "copies" / file.name) for file in files)
            assert first >= second >= third >= first - 1
            moments.add(first)
    finally:
        stop.set()
        writer.join()
    assert len(moments) > 1, "nothing was written meanwhile"


@pytest.mark.rule("backup")
def test_nobody_writes_while_is_looked(tmp_path: Path) -> None:
    files = [a_file(tmp_path / "a.db"), a_file(tmp_path / "b.db")]

    def refused(file: Path) -> bool:
        other = sqlite3.connect(file, timeout=0)
        with closing(other), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        return True

    with at_one_moment(files, lambda: all(map(refused, files))) as (_, looked):
        assert looked
        for file in files:  # and again as soon as that is over
            with closing(sqlite3.connect(file, timeout=0)) as other:
                other.execute("INSERT INTO noted VALUES (1, '')")


@pytest.mark.rule("backup")
def test_one_that_is_busy_holds_no_other_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_moment, "PATIENCE_SECONDS", 0.3)
    files = [a_file(tmp_path / "a.db"), a_file(tmp_path / "b.db")]
    with closing(sqlite3.connect(files[1], isolation_level=None)) as busy:
        busy.execute("BEGIN IMMEDIATE")
        with pytest.raises(Retry, match="no moment"), at_one_moment(files, lambda: None):
            pass
        with closing(sqlite3.connect(files[0], timeout=0)) as other:
            other.execute("INSERT INTO noted VALUES (1, '')")


def damaged(file: Path) -> None:
    file.write_bytes(b"no database" * 500)


def gone(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("hurt", [damaged, gone])
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, hurt: Callable[[Path], None]) -> None:
    file = a_file(tmp_path / "a.db")
    hurt(file)
    with pytest.raises(Reject, match="cannot be backed up: "), at_one_moment([file], lambda: None):
        pass
