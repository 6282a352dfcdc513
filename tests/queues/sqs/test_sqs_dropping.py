"""Dropping messages at SQS, which shows to nobody what is in flight or waits."""

import pytest

from tagbot.database.models.bookkeeping import FailedMessage
from tagbot.database.opening import connected
from tagbot.errors import Retry
from tagbot.queues import Counts
from tests.queues.conftest import SqsEngine, take
from tests.queues.test_interface import about


@pytest.mark.rule("forget-all")
def test_what_waits_is_deleted_at_once_and_its_record_with_all_that_it_says(sqs: SqsEngine) -> None:
    with sqs.running() as queue, sqs.beside() as beside, connected():
        queue.put("m1", "face1", {"name": "Ada"})
        take(queue).retry_after(300, "busy")
        assert "Ada" in str(FailedMessage.get().text)
        assert beside.drop(about("Ada")) == 1
        assert not FailedMessage.select().exists()
        sqs.pass_time(301)
        assert queue.get(0) is None


def test_what_another_bot_has_in_hand_is_waited_for(sqs: SqsEngine) -> None:
    with sqs.running() as here, sqs.running() as there:
        here.put("m1", "face1", {"name": "Ada"})
        delivery = take(there)
        with pytest.raises(Retry, match="1 messages at Amazon SQS cannot be looked at yet"):
            here.drop(about("Ada"))
        delivery.retry_after(300, "busy")
        assert here.drop(about("Ada")) == 1


@pytest.mark.rule("forget-all")
def test_what_an_earlier_version_left_waiting_is_waited_for(sqs: SqsEngine) -> None:
    with sqs.running() as queue, connected():
        queue.put("m1", "face1", {"name": "Ada"})
        take(queue).retry_after(30, "busy")
        FailedMessage.update(handle=None, text=None).execute()
        with pytest.raises(Retry, match="cannot be looked at yet"):
            queue.drop(about("Ada"))
        sqs.pass_time(31)
        assert queue.drop(about("Ada")) == 1
        assert queue.counts() == Counts()


def test_what_waits_behind_another_about_the_same_face_is_not_passed_over(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face", {"name": "Ben"})
        queue.put("m2", "face", {"name": "Ada"})
        take(queue).retry_after(30, "busy")
        with pytest.raises(Retry, match="1 messages at Amazon SQS wait behind others"):
            queue.drop(about("Ada"))
        sqs.pass_time(31)
        delivery = take(queue)
        assert (delivery.id, delivery.attempt) == ("m1", 2)
        delivery.ack()
        assert queue.drop(about("Ada")) == 1


def test_what_is_due_by_now_is_found_where_everybody_sees_it(sqs: SqsEngine) -> None:
    """By a bot whose clock is behind SQS's: the handle is over, as it would be in a crash at this point."""
    with sqs.running() as queue:
        queue.put("m1", "face1", {"name": "Ada"})
        take(queue).retry_after(30, "busy")
        sqs.amazon.pass_time(31)
        assert queue.drop(about("Ada")) == 1
        assert queue.counts() == Counts()


def test_to_be_looked_at_is_no_crash(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {"name": "Ben"})
        for _ in range(7):
            assert queue.drop(about("Ada")) == 0
        assert take(queue).attempt == 1
