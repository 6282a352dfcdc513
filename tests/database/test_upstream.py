"""Peewee's behaviour that the database makes up for.

Each test passes as long as it is so. One that fails after an upgrade says what can go.
"""

from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import peewee
import pytest


def execute(database: peewee.Database, sql: str) -> Any:
    return database.execute_sql(sql)  # type: ignore[no-untyped-call]  # Peewee's


@pytest.mark.rule("upstream-pinned")
def test_peewees_own_transactions_fail_where_two_threads_read_and_then_write(tmp_path: Path) -> None:
    database = peewee.SqliteDatabase(
        f"{tmp_path}/it.db", pragmas={"journal_mode": "wal", "busy_timeout": 5000}
    )
    execute(database, "CREATE TABLE it (n)")
    both_have_read, refused = Barrier(2), []

    def write() -> None:
        try:
            with database.atomic():
                execute(database, "SELECT * FROM it").fetchall()
                both_have_read.wait(5)
                execute(database, "INSERT INTO it VALUES (1)")
        except peewee.OperationalError as why:
            refused.append(str(why))
        finally:
            database.close()

    threads = [Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()
    assert refused == ["database is locked"], 'Peewee begins writing at once: `lock_type="IMMEDIATE"` may go'


def test_a_rollback_that_sqlite_has_done_already_hides_from_peewee_why(tmp_path: Path) -> None:
    database = peewee.SqliteDatabase(f"{tmp_path}/it.db", pragmas={"max_page_count": 3})
    execute(database, "CREATE TABLE it (n)")
    with pytest.raises(peewee.OperationalError) as raised, database.atomic():
        execute(database, "INSERT INTO it VALUES (zeroblob(100000))")
    database.close()
    assert "no transaction is active" in str(raised.value), (
        "Peewee tells of the full disk itself: `lib/sqlite_errors.py` need not look for the first error"
    )
