"""Dead letters, and putting them back."""

import pytest

from tagbot.errors import Retry
from tagbot.queues import Counts
from tagbot.queues.envelope import Envelope
from tagbot.queues.sqs import sqs_queues_beside
from tagbot.queues.sqs.queue_pair import VISIBILITY_TIMEOUT_SECONDS
from tagbot.queues.sqs.sqs_queue import SqsQueue
from tagbot.queues.sqs.visibility_timeout import EXTENSION_SECONDS
from tests.queues import NAME
from tests.queues.conftest import MAX_ATTEMPTS, SqsEngine, take


def test_a_dead_letter_whose_message_came_anew_is_none_any_more(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        take(queue).bury("bad")
        queue.put("m1", "face1", {})
        take(queue).ack()
        assert queue.counts() == Counts()
        assert queue.troubles() == []
        assert (queue.redrive(), queue.counts()) == (0, Counts())


def test_a_redrive_of_one_face_leaves_the_others_where_they_are(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        for number in range(25):
            queue.put(f"m{number}", f"face{number}", {})
            take(queue).bury("bad")
        assert queue.redrive("face13") == 1
        assert queue.counts() == Counts(ready=1, dead=24)
        assert take(queue).id == "m13"
        assert queue.redrive() == 24, "none of them is kept from it"


def test_a_redrive_that_fails_in_between_keeps_no_dead_letter_from_the_next(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        for number in (1, 2, 3):
            queue.put(f"m{number}", f"face{number}", {})
            take(queue).bury("bad")
        sqs.amazon.fail("SendMessage", code="ServiceUnavailable", status=503)
        with pytest.raises(Retry, match="busy"):
            queue.redrive()
        assert queue.redrive() == 3


def dead_letters(sqs: SqsEngine, count: int) -> None:
    for number in range(count):
        text = Envelope(f"m{number}", f"face{number}", {}, sqs.clock.now).to_json()
        sqs.door.send(f"{sqs.amazon.prefix}{NAME}-dead.fifo", text, f"face{number}", str(number))


@pytest.mark.rule("sqs-commands")
def test_a_redrive_that_is_killed_hides_no_dead_letter_for_long(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m", "face", {})
        dead_letters(sqs, 3)
        killed = SqsQueue(sqs.door, sqs.amazon.prefix, NAME, MAX_ATTEMPTS, sqs.clock)
        assert len(killed._dead_letters.receive()) == 3
        sqs.pass_time(VISIBILITY_TIMEOUT_SECONDS + 1)
        assert queue.redrive() == 3


@pytest.mark.ci
def test_a_redrive_that_takes_long_keeps_what_it_has_looked_at(sqs: SqsEngine) -> None:
    def slow() -> float:
        sqs.pass_time(EXTENSION_SECONDS)
        return sqs.clock.now

    with sqs_queues_beside(sqs.door, sqs.amazon.prefix, [NAME], MAX_ATTEMPTS, slow) as queues:
        queues[NAME].put("m", "face", {})
        dead_letters(sqs, 45)
        assert queues[NAME].redrive("face44") == 1
