"""One clock for all bots on a database, whatever their machines' say."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tagbot import build
from tagbot.database.opening import close_database, connected, open_database
from tagbot.database.outages import DatabaseAway
from tagbot.database.shared_clock import SharedClock, shared_now
from tagbot.monitoring.heartbeat import HeartbeatSender
from tagbot.schedule.timed_jobs import send_heartbeat
from tagbot.settings import Settings
from tests.postgresql import on_every_database, our_own_server
from tests.world import World, environment


@pytest.fixture(name="tables")
def _tables(database_url: str) -> Iterator[str]:
    open_database(database_url)
    yield database_url
    close_database()


def hours_behind() -> float:
    """The clock of a machine that has lost the time."""
    return time.time() - 10_000


@pytest.mark.rule("database-clock")
@on_every_database
@pytest.mark.usefixtures("tables")
def test_a_machines_clock_is_put_right_by_the_databases() -> None:
    clock = SharedClock(hours_behind)
    assert clock.now() == pytest.approx(hours_behind(), abs=100)
    with connected():
        clock.put_right()
        assert clock.now() == pytest.approx(shared_now(), abs=100)


@pytest.mark.process
@pytest.mark.rule("database-clock")
def test_while_the_database_is_away_it_stays_right() -> None:
    clock = SharedClock(hours_behind)
    with our_own_server() as server, server.database_without_layout() as url:
        open_database(url)
        with connected():
            clock.put_right()
        server.stop()
        with pytest.raises(DatabaseAway), connected():
            clock.put_right()
        assert clock.now() == pytest.approx(time.time(), abs=100)
        close_database()
        server.start()  # for whoever cleans up


@pytest.mark.rule("database-clock")
def test_the_timed_job_that_tells_of_a_bot_puts_its_clock_right(world: World) -> None:
    clock = SharedClock(hours_behind)
    send_heartbeat(HeartbeatSender(), replace(world.services, put_clock_right=clock.put_right))
    assert clock.now() == pytest.approx(time.time(), abs=100)


@pytest.mark.rule("database-clock")
def test_a_bot_goes_by_it_in_its_stages_and_where_it_shows_what_is_closed(
    world: World, tmp_path: Path
) -> None:
    settings = Settings.from_env(environment(tmp_path / "another", world.slack))
    with build.queues(settings) as queues:
        services = build.services(settings, queues, threading.Event(), clock=hours_behind)
        services.put_clock_right()
        for now in (services.now, services.updates._now):
            assert now() == pytest.approx(time.time(), abs=100)
