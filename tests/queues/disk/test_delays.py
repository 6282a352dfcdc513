"""Delays, whatever the clock does."""

import time
from pathlib import Path

from tagbot.queues.disk import disk_queues
from tests.queues import NAME
from tests.queues.conftest import DiskEngine, ids, take


def test_a_clock_set_back_parks_no_message_for_longer_than_was_asked(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        take(queue).retry_after(30, "busy")
        disk.pass_time(-86_400)
        assert queue.get(0) is None
        disk.pass_time(30)
        assert ids(queue) == ["m1"]


def test_a_clock_set_back_while_no_bot_runs_neither(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        take(queue).retry_after(30, "busy")
    disk.pass_time(-86_400)
    with disk.running() as queue:
        assert queue.get(0) is None
        disk.pass_time(30)
        assert ids(queue) == ["m1"]


def test_a_get_waits_exactly_until_a_retry_is_due(tmp_path: Path) -> None:
    with disk_queues(tmp_path / "queues", [NAME]) as queues:
        queue = queues[NAME]
        queue.put("m1", "face1", {})
        take(queue).retry_after(0.1, "busy")
        started = time.time()
        assert queue.get(5) is not None
        assert 0.05 < time.time() - started < 0.2
