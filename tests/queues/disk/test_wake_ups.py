"""Waiting for a message."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from tagbot.queues.disk.disk_queue import DiskQueue
from tagbot.queues.disk.wake_ups import WakeUps
from tests.queues import NAME
from tests.queues.conftest import DiskEngine, take
from tests.queues.disk.helpers import A_MINUTE, watched


def test_no_wake_up_is_lost(disk: DiskEngine) -> None:
    handled = threading.Semaphore(0)
    with watched(disk, A_MINUTE) as (queue, _), ThreadPoolExecutor() as pool:

        def work() -> None:
            while (delivery := queue.get(A_MINUTE)) is not None:
                delivery.ack()
                handled.release()

        worker = pool.submit(work)
        for number in range(500):
            queue.put(f"m{number}", "face", {})
            assert handled.acquire(timeout=5)
        queue.close()
        worker.result(timeout=5)


def test_a_put_between_a_look_and_the_wait_after_it_is_not_missed(disk: DiskEngine) -> None:
    class Racing(WakeUps):
        def wait(self, count: int, seconds: float) -> None:
            queue.put("m1", "face1", {})
            super().wait(count, seconds)

    opened = DiskQueue(disk.directory, NAME, disk.clock, A_MINUTE, Racing())
    with closing(opened) as queue, ThreadPoolExecutor() as pool:
        assert pool.submit(queue.get, A_MINUTE).result(timeout=5) is not None


def test_closing_and_a_shorter_delay_wake_who_waits(disk: DiskEngine) -> None:
    with watched(disk, A_MINUTE) as (queue, about_to_wait), ThreadPoolExecutor() as pool:
        queue.put("m1", "face1", {})
        delivery = take(queue)
        acts: list[Callable[[], None]] = [lambda: delivery.retry_after(0, "busy"), queue.close]
        for act in acts:
            about_to_wait.clear()
            waiting = pool.submit(queue.get, A_MINUTE)
            assert about_to_wait.wait(5)
            act()
            waiting.result(timeout=5)
