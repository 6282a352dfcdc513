"""Questions: exact, and flat."""

from contextlib import closing

from tagbot.queues.disk import counting
from tagbot.queues.disk.claims import claim, take_up
from tagbot.queues.disk.delays import Delays
from tagbot.queues.disk.putting import put
from tagbot.queues.disk.queue_file import QueueFile
from tagbot.queues.envelope import Envelope
from tests.queues.conftest import DiskEngine


def test_no_message_is_held_that_is_not_there(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        assert (queue.holds("m1"), queue.holds("m2")) == (True, False)


def test_no_question_reads_through_the_dead_letters(disk: DiskEngine) -> None:
    with closing(QueueFile(disk.file)) as file:
        asked: list[str] = []
        for connection in file._connections:
            connection.set_trace_callback(asked.append)
        put(file, Envelope("m1", "face1", {}), 0)
        claim(file)
        delays = Delays(file, disk.clock)
        delays.delay(1, 1, disk.clock.now + 1, "busy")
        disk.pass_time(2)
        assert delays.wake() == 1
        for ask in (counting.counts, counting.troubles, counting.failing, counting.oldest):
            ask(file)
        counting.holds(file, "m1")
        take_up(file)
        plans = {
            statement: file._getter.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            for statement in set(asked)
            if not statement.startswith("--")
        }
    scans = [
        (statement, step[3].decode())
        for statement, steps in plans.items()
        for step in steps
        if step[3].startswith(b"SCAN") and b"COVERING INDEX" not in step[3] and b"CONSTANT" not in step[3]
    ]
    assert len(plans) >= 11
    assert scans == []
