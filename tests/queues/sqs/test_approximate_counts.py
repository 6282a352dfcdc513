"""Counts are as good as SQS's."""

from tests.queues.conftest import SqsEngine, take


def test_while_something_is_ready_nobody_knows_what_it_is(sqs: SqsEngine) -> None:
    with sqs.running() as here, sqs.running() as there:
        here.put("m1", "face1", {})
        assert there.holds("anything"), "it may be this one"
        delivery = take(here)
        assert not here.holds("anything"), "all that is there, is in our hands"
        delivery.ack()
