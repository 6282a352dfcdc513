"""One transaction writes at a time, over threads and processes, and is on the disk when it ends."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tagbot.database.models.base import database
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.people import Person
from tagbot.database.opening import connected, open_database
from tagbot.database.write_lock import POSTGRESQL_BEGIN, threads_lock, writing
from tests.database.conftest import path_of
from tests.database.rows import PHOTO, a_face_row
from tests.postgresql import on_every_database


def test_what_was_written_is_on_the_disk_with_one_wait_while_others_may_write(
    file_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, waits = os.fdatasync, []

    def fdatasync(descriptor: int) -> None:
        with ThreadPoolExecutor(1) as another:
            waits.append(another.submit(count_of_persons).result())
        real(descriptor)

    def count_of_persons() -> int:
        with connected(), threads_lock, database.atomic():
            return int(Person.select().count())

    monkeypatch.setattr("tagbot.lib.write_ahead_log.os.fdatasync", fdatasync)
    with writing():
        Person.with_name("Zoë", "zoe@example.org", 5.0)
        with writing():
            Person.with_name("Ada", "ada@example.org", 5.0)
        assert waits == []
    assert waits == [2], "once, when both had been committed"
    assert database.execute_sql("PRAGMA synchronous").fetchone() == (2,), (
        "whoever else commits waits by itself"
    )
    assert path_of(file_url).exists()


def problems_of_threads(act: Callable[[], None], number: int) -> list[BaseException]:
    """Let so many threads act at once; what they raised."""
    problems: list[BaseException] = []

    def watched() -> None:
        try:
            act()
        except BaseException as problem:
            problems.append(problem)
            raise

    for thread in (threads := [threading.Thread(target=watched) for _ in range(number)]):
        thread.start()
    for thread in threads:
        thread.join()
    return problems


@on_every_database
def test_threads_that_read_and_then_write_never_meet_a_locked_database(url: str) -> None:
    assert url
    store_photo(PHOTO, [a_face_row()])

    def count_up() -> None:
        with connected():
            for _ in range(15):
                with writing():
                    Face.note("F", left=Face.get_by_id("F").left + 1)

    assert not problems_of_threads(count_up, 8)
    assert Face.get_by_id("F").left == 1 + 8 * 15


@pytest.mark.rule("one-writer")
@on_every_database
def test_neither_do_those_of_another_process_that_no_lock_of_ours_lines_up(url: str) -> None:
    assert url
    store_photo(PHOTO, [a_face_row()])

    def count_up() -> None:
        with connected():
            for _ in range(10):
                with database.atomic():
                    left = Face.get_by_id("F").left
                    time.sleep(0.001)  # in which others begin
                    Face.update(left=left + 1).where(Face.id == "F").execute()

    assert not problems_of_threads(count_up, 4)
    assert Face.get_by_id("F").left == 1 + 4 * 10


@pytest.mark.rule("one-writer")
def test_a_transaction_is_the_only_one_that_writes_over_all_processes(server_url: str) -> None:
    open_database(server_url)
    assert "pg_advisory_xact_lock" in POSTGRESQL_BEGIN
    order: list[str] = []

    def other() -> None:
        with connected(), database.atomic():
            order.append("second")

    with connected():
        with database.atomic():
            thread = threading.Thread(target=other)
            thread.start()
            thread.join(0.2)
            order.append("first")
        thread.join()
    assert order == ["first", "second"]
