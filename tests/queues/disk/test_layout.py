"""Files of earlier versions."""

from tagbot.queues import Failing
from tests.queues.conftest import DiskEngine, take
from tests.queues.disk.helpers import sql


def test_a_file_of_a_version_that_did_not_know_since_when_messages_fail_is_taken_up(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face", {})
        queue.put("m2", "face", {})
        take(queue).retry_after(30, "busy")
    with sql(disk) as connection:
        connection.execute("DROP INDEX failing")
        connection.execute("ALTER TABLE ack_queue_messages DROP COLUMN failing_since")
    disk.pass_time(31)
    with disk.running() as queue, disk.beside() as beside:
        assert queue.failing() == Failing(), "nobody knows"
        assert beside.counts() == queue.counts()
        while (delivery := queue.get(0)) is not None:
            delivery.retry_after(30, "busy")
        assert queue.failing() == Failing(tried=disk.clock.now)
