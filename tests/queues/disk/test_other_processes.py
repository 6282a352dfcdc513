"""A queue beside the running bot."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tagbot.queues import Counts
from tagbot.queues.disk import QueueUnusable
from tests.queues.conftest import DiskEngine, ids, take
from tests.queues.disk.helpers import DAMAGED, WHICH_AND_WHAT_TO_DO, damage, sql, watched


@pytest.mark.rule("commands-beside-bot")
def test_a_look_from_beside_changes_nothing(disk: DiskEngine) -> None:
    with disk.running() as queue:
        for each in range(4):
            queue.put(f"m{each}", "face", {})
        take(queue).retry_after(30, "busy")
        take(queue).bury("bad")
        delivery = take(queue)
        with disk.beside() as beside:
            assert beside.counts() == queue.counts() == Counts(1, 1, 1, 1)
            assert beside.troubles() == queue.troubles()
            assert beside.holds("m1")
        assert queue.counts() == Counts(1, 1, 1, 1)
        delivery.ack()
        assert queue.counts() == Counts(1, 1, 0, 1)


def test_a_look_makes_no_file(disk: DiskEngine) -> None:
    with disk.beside() as beside:
        assert (beside.counts(), beside.troubles(), beside.holds("m1")) == (Counts(), [], False)
        assert beside.redrive() == 0
    assert not disk.directory.exists()


def test_a_look_while_no_bot_runs_sees_what_is_on_the_disk(disk: DiskEngine) -> None:
    with disk.running() as queue:
        for each in range(3):
            queue.put(f"m{each}", "face", {})
        take(queue).retry_after(30, "busy")
        take(queue)
    with disk.beside() as beside:
        assert beside.counts() == Counts(ready=1, delayed=1, in_flight=1)


def test_a_redrive_and_a_put_from_beside_reach_a_waiting_worker(disk: DiskEngine) -> None:
    with watched(disk) as (queue, about_to_wait), disk.beside() as beside, ThreadPoolExecutor() as pool:
        queue.put("m1", "face1", {})
        take(queue).bury("bad")
        for act in (beside.redrive, lambda: beside.put("m2", "face2", {})):
            about_to_wait.clear()
            waiting = pool.submit(queue.get, 30)
            assert about_to_wait.wait(5)
            act()
            assert waiting.result(timeout=5) is not None


def test_a_look_works_while_somebody_writes(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        with sql(disk) as other:
            other.execute("BEGIN IMMEDIATE")
            with disk.beside() as beside:
                assert beside.counts() == Counts(ready=1)


def test_a_put_from_beside_waits_for_a_bot(disk: DiskEngine) -> None:
    with disk.beside() as beside:
        beside.put("m1", "face1", {})
    with disk.running() as queue:
        assert ids(queue) == ["m1"]


@pytest.mark.parametrize("beside", [True, False])
def test_a_damaged_file_is_told_by_name_whatever_is_asked_and_stays_as_it_is(
    disk: DiskEngine, beside: bool
) -> None:
    damage(disk)
    with disk.beside() if beside else disk.running() as queue:
        asks: list[Callable[[], object]] = [
            lambda: queue.put("m1", "face1", {}), queue.counts, queue.troubles, queue.oldest,
            lambda: queue.holds("m1"), queue.redrive,
        ]  # fmt: skip
        for ask in asks:
            with pytest.raises(QueueUnusable, match=WHICH_AND_WHAT_TO_DO):
                ask()
    assert disk.file.read_bytes() == DAMAGED
