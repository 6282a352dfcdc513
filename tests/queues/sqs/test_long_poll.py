"""Messages are fetched by long polls."""

import threading

import pytest

from tagbot.aws.sqs_api import READ_SECONDS
from tagbot.errors import Retry
from tagbot.queues.sqs.long_poll import WAIT_SECONDS
from tagbot.queues.sqs.sqs_queue import SqsQueue
from tests.queues.conftest import SqsEngine, take
from tests.queues.sqs.helpers import OUR_FAULT


@pytest.mark.rule("sqs-long-polls")
def test_an_idle_queue_is_asked_by_long_polls_only(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        while "ReceiveMessage" not in sqs.amazon.calls():
            assert queue.get(0.02) is None
        for _ in range(20):
            assert queue.get(0.02) is None
        assert sqs.amazon.calls().count("ReceiveMessage") == 1


def test_a_call_may_take_longer_than_sqs_waits() -> None:
    assert WAIT_SECONDS + 5 < READ_SECONDS


@pytest.mark.failure("amazon-away")
def test_while_sqs_is_away_each_get_says_so_and_then_it_goes_on_by_itself(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        sqs.amazon.fail("ReceiveMessage", times=1000, code="ServiceUnavailable", status=503)
        for _ in range(3):
            with pytest.raises(Retry, match="Amazon SQS is busy"):
                queue.get(5)
        sqs.amazon.heal()
        taken = threading.Event()

        def work() -> None:
            while not taken.is_set():
                try:
                    if queue.get(0.5) is not None:
                        taken.set()
                except Retry:
                    taken.wait(0.05)

        worker = threading.Thread(target=work)
        worker.start()
        assert taken.wait(10)
        worker.join()


def test_an_answer_of_sqs_that_nobody_thought_of_ends_no_thread(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        assert isinstance(queue, SqsQueue)
        for number in (1, 2):
            queue.put(f"m{number}", f"face{number}", {})
            take(queue)
        sqs.amazon.fail("ReceiveMessage", code=OUR_FAULT)
        with pytest.raises(Retry, match="refuses sqs:ReceiveMessage: InvalidArgument"):
            queue.get(5)
        assert queue._poller._thread is not None
        assert queue._poller._thread.is_alive()
        sqs.amazon.fail("ChangeMessageVisibility", code=OUR_FAULT)
        queue.visibility.extend()
        assert sqs.amazon.calls().count("ChangeMessageVisibility") == 2, "the second is kept all the same"
