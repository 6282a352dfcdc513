"""Dead letters and redriving them."""

import time

from tagbot.queues import Counts
from tests.queues.conftest import DiskEngine, take
from tests.queues.disk.helpers import sql


def test_what_is_redriven_has_been_waiting_since_it_was_first_seen(disk: DiskEngine) -> None:
    with disk.running() as queue:
        begin = disk.clock.now
        queue.put("m1", "face1", {})
        disk.pass_time(10)
        queue.put("m2", "face2", {})
        take(queue).bury("gone")
        assert queue.oldest() == begin + 10
        assert queue.redrive() == 1
        assert queue.oldest() == begin


def test_a_thousand_dead_letters_are_redriven_within_two_seconds(disk: DiskEngine) -> None:
    with disk.running() as queue:
        with sql(disk) as connection:
            connection.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
                " INSERT INTO ack_queue_messages (data, timestamp, status, message_id, error)"
                " SELECT '{}', 0, 9, 'm' || i, 'bad' FROM n"
            )
        started = time.thread_time()
        assert queue.redrive() == 1000
        assert time.thread_time() - started < 2
        assert queue.counts() == Counts(ready=1000)


def test_earlier_errors_are_kept_by_a_redrive(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        for error in ("first", "second"):
            take(queue).bury(error)
            queue.redrive()
        with sql(disk) as connection:
            (errors,) = connection.execute("SELECT past_errors FROM ack_queue_messages").fetchone()
    assert errors == "first\nsecond\n"
