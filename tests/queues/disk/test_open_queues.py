"""One process at a time works on the queues."""

import re

import pytest

from tagbot.errors import Retry
from tagbot.lib.process_lock import AlreadyRunning
from tagbot.queues import Counts
from tagbot.queues.disk import QueueUnusable, disk_queues, disk_queues_beside
from tests.queues import NAME
from tests.queues.conftest import DiskEngine, take
from tests.queues.disk.helpers import DAMAGED, WHICH_AND_WHAT_TO_DO, child, damage, killed


@pytest.mark.process
@pytest.mark.rule("second-bot-refused")
def test_a_second_process_is_refused_and_takes_nothing(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        take(queue)
        with killed(child("put-some", disk, 1)) as process:
            _, said = process.communicate(timeout=30)
        assert process.returncode == 1
        assert re.search(r"another process \(\d+\) is running: it holds .*lock", said)
        with pytest.raises(AlreadyRunning), disk.running():
            pass
        assert queue.counts() == Counts(in_flight=1)


def test_a_damaged_file_gives_nothing_and_holds_up_no_other_queue(disk: DiskEngine) -> None:
    damage(disk)
    with disk_queues(disk.directory, [NAME, "face-undo"]) as queues:
        with pytest.raises(QueueUnusable, match=WHICH_AND_WHAT_TO_DO):
            queues[NAME].get(0)
        with pytest.raises(QueueUnusable, match=WHICH_AND_WHAT_TO_DO):
            queues[NAME].tidy()
        queues["face-undo"].put("m1", "face1", {})
        assert take(queues["face-undo"]).id == "m1"
    assert disk.file.read_bytes() == DAMAGED


def test_queues_beside_are_closed(disk: DiskEngine) -> None:
    with disk.running(), disk_queues_beside(disk.directory, [NAME]) as queues:
        pass
    with pytest.raises(Retry):
        queues[NAME].counts()
