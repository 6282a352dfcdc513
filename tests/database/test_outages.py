"""A database that fails while the bot runs."""

import errno
import os
import sqlite3
import threading
from collections.abc import Callable

import pytest
from peewee import IntegrityError

from tagbot.database.models.base import database
from tagbot.database.models.faces import store_photo
from tagbot.database.models.people import Person
from tagbot.database.opening import connected, is_connected, open_database
from tagbot.database.outages import reached
from tagbot.database.write_lock import writing
from tagbot.errors import Retry
from tests.database.conftest import path_of
from tests.database.rows import PHOTO, a_face_row
from tests.postgresql import on_every_database


def test_what_the_disk_did_not_take_is_tried_again(file_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert file_url
    real = os.fdatasync

    def refuse(_: int) -> None:
        monkeypatch.setattr("tagbot.lib.write_ahead_log.os.fdatasync", real)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr("tagbot.lib.write_ahead_log.os.fdatasync", refuse)
    with pytest.raises(Retry, match=r"cannot be reached: disk I/O error.*\(look after the disk\)"):
        store("Zoë")
    store("Zoë")


def store(name: str) -> None:
    with reached(), writing():
        Person.with_name(name, "zoe@example.org", 5.0)


def full(_: str) -> None:
    (pages,) = database.execute_sql("PRAGMA page_count").fetchone()
    database.execute_sql(f"PRAGMA max_page_count = {pages}")


def locked(url: str) -> None:
    database.execute_sql("PRAGMA busy_timeout = 10")
    other = sqlite3.connect(path_of(url), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    HOLDERS.append(other)


def damaged(url: str) -> None:
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    path = path_of(url)
    path.write_bytes(path.read_bytes()[:4096] + b"x" * (path.stat().st_size - 4096))
    database.execute_sql("PRAGMA shrink_memory")


HOLDERS: list[sqlite3.Connection] = []


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (full, "database or disk is full (make room on the disk)"),
        (locked, "database is locked (another program holds it: end that program)"),
        (damaged, "database disk image is malformed (stop the bot, then restore"),
    ],
)
def test_what_the_disk_refuses_is_tried_again_and_says_what_to_do(
    file_url: str, trouble: Callable[[str], None], says: str
) -> None:
    trouble(file_url)
    try:
        with pytest.raises(Retry) as refused, reached(), writing():
            Person.with_name("Zoë", "x" * 100_000, 5.0)
    finally:
        while HOLDERS:
            HOLDERS.pop().close()
    assert refused.value.reason.startswith("the database cannot be reached: ")
    assert says in refused.value.reason


def test_with_room_again_the_same_connection_goes_on(file_url: str) -> None:
    full(file_url)
    with pytest.raises(Retry), reached(), writing():
        Person.with_name("Zoë", "x" * 100_000, 5.0)
    assert not database.in_transaction()
    database.execute_sql("PRAGMA max_page_count = 1000000")
    with reached(), writing():
        Person.with_name("Zoë", "x" * 100_000, 5.0)
    assert Person.select().count() == 1


@on_every_database
def test_a_wrong_use_of_the_database_stays_the_bug_that_it_is(url: str) -> None:
    assert url
    with pytest.raises(IntegrityError), reached():
        store_photo(PHOTO, [a_face_row("F"), a_face_row("F")])


@pytest.mark.rule("transactions-end")
def test_what_another_holds_for_long_is_tried_again(server_url: str) -> None:
    open_database(server_url)
    with connected():
        database.execute_sql("SET lock_timeout = '50ms'")
        holding, done = threading.Event(), threading.Event()

        def hold() -> None:
            with connected(), database.atomic():
                holding.set()
                done.wait(10)

        holder = threading.Thread(target=hold)
        holder.start()
        holding.wait(10)
        with (
            pytest.raises(Retry, match="another program, or a bot that hangs, holds it"),
            reached(),
            writing(),
        ):
            pass
        done.set()
        holder.join()
        assert is_connected()
        with reached(), writing():
            Person.with_slack_id("U1", 1.0)
