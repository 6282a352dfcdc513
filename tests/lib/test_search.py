"""Looking for bytes in files."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tagbot.lib.search import found_in


def test_what_stands_in_one_of_the_files_is_found(tmp_path: Path) -> None:
    first, empty, second = (tmp_path / name for name in ("first", "empty", "Zoë's"))
    first.write_bytes(b"\x00Anna\xff")
    empty.touch()
    second.write_bytes(b"x" * 100_000 + b"Ben")
    wanted = [b"Anna", b"Ben", b"Chiara", b"\xff"]
    assert found_in([first, empty, tmp_path / "gone", second], wanted) == {b"Anna", b"Ben", b"\xff"}
    assert found_in([first], []) == found_in([], wanted) == set()


def test_a_file_that_cannot_be_read_is_no_file_without_it(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="IsADirectoryError"):
        found_in([tmp_path], [b"Anna"])


@pytest.fixture(name="database")
def _database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file that has a write-ahead log."""
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE person (name TEXT)")
        connection.execute("INSERT INTO person VALUES ('Anna')")
        yield connection


COUNT = """\
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(*connection.execute("SELECT COUNT(*) FROM person").fetchone())
connection.close()
"""


def rows_elsewhere(file: Path) -> int:
    """What another process sees, which then closes the file as the last one that it knows of."""
    ran = subprocess.run([sys.executable, "-c", COUNT, file], capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.process
@pytest.mark.rule("forget-proof")
def test_a_database_that_is_open_here_keeps_its_log_whoever_else_closes_it(
    tmp_path: Path, database: sqlite3.Connection
) -> None:
    file, log = tmp_path / "a.db", tmp_path / "a.db-wal"
    before = log.stat()
    assert found_in([file, log], [b"Anna"]) == {b"Anna"}
    assert rows_elsewhere(file) == 1
    assert os.path.samestat(log.stat(), before)
    database.execute("INSERT INTO person VALUES ('Ben')")
    assert rows_elsewhere(file) == 2
