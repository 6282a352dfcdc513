"""How messages in flight are settled and given back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tagbot.aws.sqs_api import LONGEST_VISIBILITY_TIMEOUT
from tagbot.queues import Counts, Delivery
from tagbot.queues.sqs.queue_pair import VISIBILITY_TIMEOUT_SECONDS
from tests.queues.conftest import SqsEngine, take
from tests.queues.sqs.helpers import database_away


def test_a_bot_that_tells_late_that_it_is_done_takes_no_note_from_the_next(
    sqs: SqsEngine, tmp_path: Path
) -> None:
    with sqs.running() as cut_off, sqs.running() as there:
        cut_off.put("m1", "face1", {})
        take(cut_off).retry_after(1, "busy")
        sqs.pass_time(1.1)
        delivery = take(cut_off)
        with database_away(tmp_path):
            delivery.ack()
        there.put("m1", "face1", {})
        take(there).retry_after(30, "busy again")
        assert cut_off.get(0) is None
        assert [each.error for each in there.troubles()] == ["busy again"]


@pytest.mark.rule("sqs-one-bot-a-face")
def test_a_bot_that_came_too_late_takes_nothing_from_the_one_that_has_it_now(
    sqs: SqsEngine, caplog: pytest.LogCaptureFixture
) -> None:
    with sqs.running() as here, sqs.running() as there:
        here.put("m1", "face1", {})
        late = take(here)
        sqs.pass_time(VISIBILITY_TIMEOUT_SECONDS + 1)
        now = take(there)
        assert now.id == "m1"
        late.ack()
        assert "message=m1 took too long; it is handed out again" in caplog.text
        assert there.counts() == Counts(in_flight=1)
        now.retry_after(30, "busy")
        assert there.counts() == Counts(delayed=1)


@pytest.mark.rule("sqs-one-bot-a-face")
def test_what_is_not_finished_when_a_bot_ends_another_one_gets_at_once(sqs: SqsEngine) -> None:
    with sqs.running() as there:
        with sqs.running() as here:
            here.put("m1", "face1", {})
            take(here)
        assert take(there).id == "m1"


ENDS: dict[str, tuple[Callable[[Delivery], None], Counts]] = {
    "DeleteMessage": (lambda delivery: delivery.ack(), Counts()),
    "ChangeMessageVisibility": (lambda delivery: delivery.retry_after(30, "busy"), Counts(delayed=1)),
    "SendMessage": (lambda delivery: delivery.bury("bad"), Counts(dead=1)),
}


@pytest.mark.parametrize("operation", ENDS)
@pytest.mark.parametrize("effect", [True, False])
def test_an_end_that_sqs_did_not_hear_of_is_told_later_and_meanwhile_nobody_else_gets_it(
    sqs: SqsEngine, operation: str, effect: bool
) -> None:
    end, then = ENDS[operation]
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        delivery = take(queue)
        sqs.amazon.fail(operation, effect=effect)
        end(delivery)
        assert queue.get(0) is None
        assert queue.counts() == then


def test_no_wait_is_longer_than_sqs_allows(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        take(queue).retry_after(10 * LONGEST_VISIBILITY_TIMEOUT, "busy")
        assert queue.counts() == Counts(delayed=1)
