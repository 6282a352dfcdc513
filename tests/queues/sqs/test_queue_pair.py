"""The queues at SQS are there as they should be, and calls about them."""

import json
import threading
import time
from collections.abc import Callable

import pytest

from tagbot.errors import Reject, Retry
from tagbot.queues import MAX_CRASHES, Counts
from tagbot.queues.sqs.queue_pair import LONGEST_MESSAGE, RETENTION_SECONDS
from tests.queues import NAME
from tests.queues.conftest import MAX_ATTEMPTS, SqsEngine, take
from tests.queues.sqs.helpers import NO_QUEUE, attributes, delete


@pytest.mark.rule("sqs-queues-made")
def test_queues_are_made_with_what_the_bot_relies_on(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
    live, dead = attributes(sqs), attributes(sqs, "-dead")
    assert live["FifoQueue"] == dead["FifoQueue"] == "true"
    assert live["MessageRetentionPeriod"] == dead["MessageRetentionPeriod"] == str(14 * 86_400)
    assert (live["DeduplicationScope"], live["FifoThroughputLimit"]) == ("messageGroup", "perMessageGroupId")
    policy = json.loads(live["RedrivePolicy"])
    assert policy["deadLetterTargetArn"] == dead["QueueArn"]
    assert MAX_ATTEMPTS + MAX_CRASHES < int(policy["maxReceiveCount"]) <= 1000


@pytest.mark.rule("sqs-queues-made")
def test_what_differs_is_set_right_and_the_rest_is_left_as_its_owner_wants_it(sqs: SqsEngine) -> None:
    name = f"{sqs.amazon.prefix}{NAME}.fifo"
    sqs.door.create(name, {"FifoQueue": "true", "MessageRetentionPeriod": "60", "DelaySeconds": "7"})
    with sqs.running() as queue:
        assert queue.get(0) is None
    assert attributes(sqs)["MessageRetentionPeriod"] == str(RETENTION_SECONDS)
    assert attributes(sqs)["DelaySeconds"] == "7"


def test_a_queue_that_another_bot_made_at_the_same_moment_is_used(sqs: SqsEngine) -> None:
    name = f"{sqs.amazon.prefix}{NAME}-dead.fifo"
    sqs.door.create(name, {"FifoQueue": "true", "MessageRetentionPeriod": "60"})
    sqs.amazon.fail("GetQueueAttributes", code=NO_QUEUE)
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        assert take(queue).id == "m1"
    assert sqs.amazon.calls().count("CreateQueue") == 3, "one by the other bot, and each by this one"
    assert attributes(sqs, "-dead")["MessageRetentionPeriod"] == str(RETENTION_SECONDS)


def test_what_may_not_be_set_right_is_told_and_the_queue_is_used(sqs: SqsEngine) -> None:
    sqs.door.create(f"{sqs.amazon.prefix}{NAME}.fifo", {"FifoQueue": "true"})
    sqs.amazon.fail("SetQueueAttributes", code="AccessDenied", status=403)
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        assert take(queue).id == "m1"
    assert "AWS denies sqs:SetQueueAttributes: add it to" in (sqs.door.problem or "")
    sqs.door.set_attributes(f"{sqs.amazon.prefix}{NAME}.fifo", {"DelaySeconds": "0"})
    assert sqs.door.problem is None


@pytest.mark.rule("sqs-queues-made")
def test_a_queue_that_somebody_deleted_is_made_again(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        delete(sqs)
        with pytest.raises(Retry, match="is gone; it is made again"):
            queue.get(0)
        queue.put("m2", "face2", {})
        assert take(queue).id == "m2"


ON_THEIR_WAY: dict[str, list[tuple[str, str]]] = {
    "still gone when it was looked for again": [("SendMessage", NO_QUEUE), ("SendMessage", NO_QUEUE)],
    "gone after an answer was lost": [("SendMessage", ""), ("SendMessage", NO_QUEUE)],
    "gone while it is set up": [("SendMessage", NO_QUEUE), ("SetQueueAttributes", NO_QUEUE)],
}


@pytest.mark.parametrize("faults", ON_THEIR_WAY.values(), ids=list(ON_THEIR_WAY))
def test_a_put_on_a_queue_that_comes_or_goes_at_that_moment_is_for_later(
    sqs: SqsEngine, faults: list[tuple[str, str]]
) -> None:
    sqs.door.create(f"{sqs.amazon.prefix}{NAME}.fifo", {"FifoQueue": "true"})
    with sqs.beside() as queue:
        for operation, code in faults:
            sqs.amazon.fail(operation, code=code)
        with pytest.raises(Retry, match="is gone; it is made again"):
            queue.put("m1", "face1", {})
        queue.put("m1", "face1", {})
        assert queue.counts() == Counts(ready=1)


def test_a_message_is_put_also_where_there_is_no_queue_yet(sqs: SqsEngine) -> None:
    with sqs.beside() as beside:
        beside.put("m1", "face1", {})
    with sqs.running() as queue:
        assert take(queue).id == "m1"


def test_looking_at_queues_that_nobody_has_used_makes_none(sqs: SqsEngine) -> None:
    with sqs.beside() as queue:
        assert queue.counts() == Counts()
        assert (queue.troubles(), queue.oldest(), queue.holds("m1"), queue.redrive()) == ([], None, False, 0)
    assert "CreateQueue" not in sqs.amazon.calls()


def test_a_message_that_is_too_long_for_sqs_is_refused_before_it_is_sent(sqs: SqsEngine) -> None:
    with sqs.running() as queue, pytest.raises(Reject, match="over the limit"):
        queue.put("m1", "face1", {"text": "ü" * (LONGEST_MESSAGE // 6)})
    assert "SendMessage" not in sqs.amazon.calls()


@pytest.mark.parametrize("key", ["a face", "ü", "x" * 200, "caf\udce9"])
def test_a_key_that_is_no_group_at_sqs_still_keeps_its_messages_in_order(sqs: SqsEngine, key: str) -> None:
    with sqs.running() as queue:
        queue.put("m1", key, {})
        queue.put("m2", key, {})
        assert take(queue).id == "m1"
        assert queue.get(0) is None, "the first is in hand"


def test_a_missing_permission_is_told_by_its_name(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        acts: dict[str, Callable[[], object]] = {
            "SendMessage": lambda: queue.put("m2", "face2", {}),
            "ReceiveMessage": lambda: queue.get(0),
        }
        for operation, act in acts.items():
            sqs.amazon.fail(operation, code="AccessDenied", status=403)
            with pytest.raises(Retry, match=f"AWS denies sqs:{operation}: add it to the bot's IAM policy"):
                act()
        assert take(queue).id == "m1"


def test_a_bot_asks_where_its_queues_are_before_it_puts_anything_on_them(sqs: SqsEngine) -> None:
    name = f"{sqs.amazon.prefix}{NAME}.fifo"
    for each in (name, f"{sqs.amazon.prefix}{NAME}-dead.fifo"):
        sqs.door.create(each, {"FifoQueue": "true"})
    with sqs.running() as queue:
        until = time.monotonic() + 5
        while name not in sqs.door.hasty._urls:
            assert time.monotonic() < until
            threading.Event().wait(0.01)
        queue.put("m1", "face1", {})
        assert take(queue).id == "m1"
        assert sqs.amazon.calls().count("GetQueueUrl") == 2, "of it and of its dead letters', once each"
