"""Claiming: in order, each once, and again after a crash."""

import time

import pytest

from tagbot.queues import MAX_CRASHES, Counts
from tests.queues.conftest import DiskEngine, ids, take
from tests.queues.disk.helpers import child, killed, line


def test_messages_come_in_the_order_of_their_putting_whatever_they_are_about(disk: DiskEngine) -> None:
    with disk.running() as queue:
        for number in (3, 1, 2):
            queue.put(f"m{number}", f"face{number}", {})
        assert ids(queue) == ["m3", "m1", "m2"]


@pytest.mark.process
def test_after_a_kill_what_was_in_hand_comes_back_and_what_was_delayed_is_not_early(disk: DiskEngine) -> None:
    with killed(child("take", disk, 3)) as process:
        parked, in_hand = line(process).split()
    disk.clock.now = time.time()
    with disk.running() as queue:
        assert queue.counts() == Counts(ready=2, delayed=1)
        assert ids(queue) == [in_hand, "m2"]
        disk.pass_time(3600)
        assert ids(queue) == [parked]


@pytest.mark.failure("message-crashes-bot")
def test_a_message_in_hand_at_too_many_crashes_becomes_a_dead_letter(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
    for _ in range(MAX_CRASHES):
        with disk.running() as queue:
            assert take(queue).attempt == 1, "a crash is no attempt"
    with disk.running() as queue:
        assert queue.counts() == Counts(dead=1)
        assert queue.troubles()[0].error == "the bot crashed 5 times while it worked on this"
        assert queue.redrive() == 1
        take(queue)
    with disk.running() as queue:
        assert queue.counts() == Counts(ready=1), "crashes are counted anew as well"


def test_crashes_count_in_a_row_only(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
    for _ in range(2 * MAX_CRASHES):
        with disk.running() as queue:
            take(queue).retry_after(0, "busy")
            take(queue)
    with disk.running() as queue:
        assert queue.counts() == Counts(ready=1)


def test_a_crash_that_a_message_only_waited_through_speaks_for_it(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
    for _ in range(2 * MAX_CRASHES):
        with disk.running() as queue:
            take(queue)
        with disk.running():
            pass
    with disk.running() as queue:
        assert queue.counts() == Counts(ready=1)
