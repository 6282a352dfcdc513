"""A queue at SQS promises this beyond the contract; the service is strict (`tests.aws.server`)."""

from contextlib import closing
from pathlib import Path

import pytest

from tagbot.aws.sqs_api import HASTY_CONNECT_SECONDS, HASTY_READ_SECONDS, Sqs
from tagbot.errors import Retry
from tagbot.queues import MAX_CRASHES, Counts
from tagbot.queues.sqs import sqs_queues
from tests.aws.service import REGION
from tests.queues import NAME
from tests.queues.conftest import MAX_ATTEMPTS, SqsEngine, take
from tests.queues.sqs.helpers import database_away


@pytest.mark.rule("sqs-deduplication")
def test_a_message_whose_receipt_got_lost_is_stored_once(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m0", "face0", {})
        sqs.amazon.fail("SendMessage", effect=True)
        queue.put("m1", "face1", {})
        assert queue.counts() == Counts(ready=2)
    assert sqs.amazon.calls().count("SendMessage") == 3


@pytest.mark.rule("sqs-deduplication")
def test_what_is_told_anew_within_five_minutes_is_not_swallowed(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        for number in range(3):
            queue.put("m1", "face1", {"number": number})
            delivery = take(queue)
            assert delivery.body == {"number": number}
            delivery.bury("bad") if number == 1 else delivery.ack()


def test_a_put_gives_up_before_slack_does(sqs: SqsEngine) -> None:
    assert 2 * (HASTY_CONNECT_SECONDS + HASTY_READ_SECONDS) < 3
    with sqs.beside() as queue:
        queue.put("m1", "face1", {})
        sqs.amazon.fail("SendMessage", code="ServiceUnavailable", status=503, times=2)
        with pytest.raises(Retry, match="busy"):
            queue.put("m2", "face2", {})
        assert "send_message" in sqs.door.hasty.health._failing, "it is these calls that are as short"
        queue.put("m2", "face2", {})


@pytest.mark.rule("sqs-one-bot-a-face")
def test_no_two_bots_have_messages_about_one_face_in_hand(sqs: SqsEngine) -> None:
    with sqs.running() as here, sqs.running() as there:
        here.put("m1", "face", {})
        there.put("m2", "face", {})
        here.put("m3", "another", {})
        first, other = take(here), take(there)
        assert (first.id, other.id) == ("m1", "m3")
        assert there.get(0) is None
        first.ack()
        assert take(there).id == "m2"


def test_while_the_database_is_away_a_message_waits_in_hand_and_that_is_no_crash(
    sqs: SqsEngine, tmp_path: Path
) -> None:
    with sqs.running() as queue, sqs.running() as there:
        queue.put("m1", "face1", {})
        with database_away(tmp_path):
            for _ in range(MAX_CRASHES + 1):
                with pytest.raises(Retry, match="database"):
                    queue.get(0)
        assert there.get(0) is None
        assert take(queue).attempt == 1


def test_what_is_no_message_becomes_a_dead_letter_as_it_is_and_holds_up_nobody(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        sqs.door.send(f"{sqs.amazon.prefix}{NAME}.fifo", "no JSON", "face2", "x")
        queue.put("m2", "face2", {})
        assert [take(queue).id, take(queue).id] == ["m1", "m2"]
        assert queue.counts() == Counts(in_flight=2, dead=1)
        assert queue.troubles()[0].error == "unreadable message: no JSON"
        [letter] = sqs.door.receive(f"{sqs.amazon.prefix}{NAME}-dead.fifo", 1, 0, 30)
        assert letter.text == "no JSON"


def test_queues_are_closed_with_their_door(sqs: SqsEngine) -> None:
    with closing(Sqs(REGION)) as door:
        with sqs_queues(door, sqs.amazon.prefix, [NAME], MAX_ATTEMPTS, sqs.clock) as queues:
            queues[NAME].put("m1", "face1", {})
        assert door._client is None
    for act in (lambda: queues[NAME].put("m2", "face2", {}), queues[NAME].counts, queues[NAME].redrive):
        with pytest.raises(Retry, match="closed"):
            act()
    assert queues[NAME].get(0) is None
