"""Ends of deliveries that the disk refuses."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tagbot.errors import Retry
from tagbot.queues import Counts
from tests.queues.conftest import DiskEngine, ids, take
from tests.queues.disk.helpers import sql


@pytest.mark.ci
def test_while_another_process_writes_for_long_all_is_a_retry_and_nothing_is_lost(disk: DiskEngine) -> None:
    with disk.running() as queue, sql(disk) as other:
        queue.put("m1", "face1", {})
        queue.put("m2", "face2", {})
        delivery = take(queue)
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(4) as pool:
            acknowledgement = pool.submit(delivery.ack)
            for refused in (
                pool.submit(queue.redrive),
                pool.submit(lambda: queue.get(0)),
                pool.submit(lambda: queue.put("m3", "face3", {})),
            ):
                assert "database is locked" in str(refused.exception())
            acknowledgement.result()
        assert queue.counts() == Counts(ready=1, in_flight=1), "the acknowledgement waits"
        other.execute("ROLLBACK")
        assert ids(queue) == ["m2"]
        assert queue.counts() == Counts(in_flight=1)


@pytest.mark.ci
def test_that_ends_wait_is_logged_once_and_once_that_they_are_written(
    disk: DiskEngine, caplog: pytest.LogCaptureFixture
) -> None:
    with disk.running() as queue, sql(disk) as other:
        queue.put("m1", "face1", {})
        delivery = take(queue)
        other.execute("BEGIN IMMEDIATE")
        delivery.ack()
        with pytest.raises(Retry):
            queue.get(0)
        other.execute("ROLLBACK")
        assert queue.get(0) is None
    told = [record for record in caplog.records if "written later" in record.getMessage()]
    assert [record.levelname for record in told] == ["ERROR", "WARNING"]
    assert told[-1].getMessage().endswith(": over")
