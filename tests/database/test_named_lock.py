"""A lock with a name, over all bots on one database."""

import threading

import pytest

from tagbot.database.models.base import database
from tagbot.database.named_lock import alone
from tagbot.database.opening import connected, open_database
from tagbot.database.outages import reached
from tagbot.errors import Retry
from tests.postgresql import on_every_database


@on_every_database
def test_one_at_a_time_holds_for_names_that_are_no_unicode_too(database_url: str) -> None:
    open_database(database_url)
    with connected(), alone("DetectFaces Jos\udce9.jpg", wait=False) as mine:
        assert mine


def test_who_waits_long_for_another_to_end_is_not_told_that_the_database_is_away(server_url: str) -> None:
    open_database(server_url)
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with connected(), alone("twin"):
            taken.set()
            done.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(10)
    with connected():
        database.execute_sql("SET lock_timeout = '50ms'")
        with pytest.raises(Retry, match="another worker has been at this"), reached(), alone("twin"):
            pass
        done.set()
        holder.join()
        with alone("twin", wait=False) as mine:
            assert mine
