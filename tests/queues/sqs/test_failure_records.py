"""Failures, attempts and crashes are recorded for all bots."""

import pytest

from tagbot.errors import Retry
from tagbot.queues import MAX_CRASHES, Counts
from tagbot.queues.sqs.queue_pair import RETENTION_SECONDS, VISIBILITY_TIMEOUT_SECONDS
from tests.queues.conftest import SqsEngine, take
from tests.queues.sqs.helpers import crash, delete


@pytest.mark.rule("sqs-attempts")
def test_attempts_are_counted_over_all_bots(sqs: SqsEngine) -> None:
    with sqs.running() as here, sqs.running() as there:
        here.put("m1", "face1", {})
        for number, queue in enumerate((here, there, here, there), 1):
            delivery = take(queue)
            assert delivery.attempt == number
            delivery.retry_after(1, f"busy {number}")
            sqs.pass_time(1.1)
        take(here).ack()
        assert there.troubles() == []
        here.put("m1", "face1", {})
        assert take(here).attempt == 1, "counted anew"


def test_every_bot_and_command_sees_what_fails_and_since_when(sqs: SqsEngine) -> None:
    begin = sqs.clock.now
    with sqs.running() as here, sqs.beside() as beside:
        here.put("m1", "face1", {})
        here.put("m2", "face2", {})
        take(here).retry_after(30, "throttled")
        take(here).bury("gone")
        assert {(each.state, each.error, each.since) for each in beside.troubles()} == {
            ("delayed", "throttled", begin), ("dead", "gone", begin),
        }  # fmt: skip
        assert beside.counts() == Counts(delayed=1, dead=1)
        assert beside.oldest() == begin
        assert (beside.holds("m1"), beside.holds("m2"), beside.holds("m3")) == (True, True, False)


@pytest.mark.rule("sqs-attempts")
def test_a_message_in_hand_at_too_many_crashes_becomes_a_dead_letter(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        for _ in range(MAX_CRASHES):
            crash(sqs)
        assert queue.get(0) is None
        assert queue.counts() == Counts(dead=1)
        assert [each.error for each in queue.troubles()] == [
            "the bot crashed 5 times while it worked on this"
        ]
        assert queue.redrive() == 1
        assert take(queue).attempt == 1


@pytest.mark.rule("sqs-attempts")
def test_a_crash_is_no_attempt_and_crashes_count_in_a_row_only(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        for number in range(1, 4):
            for _ in range(MAX_CRASHES - 1):
                crash(sqs)
            delivery = take(queue)
            assert delivery.attempt == number
            delivery.retry_after(0, "busy")


@pytest.mark.rule("sqs-attempts")
def test_a_bot_that_ends_with_a_message_in_hand_has_not_crashed(sqs: SqsEngine) -> None:
    with sqs.running() as there:
        there.put("m1", "face1", {})
        for _ in range(MAX_CRASHES - 1):
            crash(sqs)
        for number in range(MAX_CRASHES):
            with sqs.running() as here:
                delivery = take(here)
                assert delivery.attempt == (2 if number > 2 else 1)
                if number == 2:
                    delivery.retry_after(0, "busy")
            assert there.counts() == Counts(ready=1)
            assert (there.holds("m1"), [each.error for each in there.troubles()]) == (
                True, ["busy"] if number >= 2 else [],
            )  # fmt: skip
        take(there).ack()
        assert not there.holds("m1"), "nothing is left of it"


def test_a_note_that_comes_late_from_a_bot_that_ended_takes_nothing_back(sqs: SqsEngine) -> None:
    with sqs.running() as there:
        with sqs.running() as here:
            there.put("m1", "face1", {})
            late = take(here)
            sqs.pass_time(VISIBILITY_TIMEOUT_SECONDS + 1)
            take(there).retry_after(0, "busy")
        assert late.id == "m1"
        for _ in range(MAX_CRASHES - 1):
            crash(sqs)
        assert take(there).attempt == 2


def test_with_a_queue_that_was_deleted_goes_what_was_noted_of_its_messages(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        queue.put("m2", "face2", {})
        take(queue).retry_after(30, "busy")
        take(queue).bury("bad")
        delete(sqs)
        with pytest.raises(Retry, match="is gone"):
            queue.get(0)
        assert queue.get(0) is None
        assert (queue.holds("m1"), queue.holds("m2")) == (False, True), "the job that mends sends the first"
        delete(sqs, "-dead")
        sqs.amazon.fail("ReceiveMessage", code="ServiceUnavailable", status=503)  # or it would wait for some
        for why in ("is gone", "busy"):
            with pytest.raises(Retry, match=why):
                queue.redrive()
        assert (queue.holds("m2"), queue.troubles()) == (False, [])


def test_notes_on_what_sqs_no_longer_keeps_are_forgotten(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        for number in (1, 2):
            queue.put(f"m{number}", f"face{number}", {})
        take(queue).retry_after(30, "busy")
        take(queue).bury("bad")
        queue.tidy()
        assert len(queue.troubles()) == 2
        sqs.clock.now += RETENTION_SECONDS + 31
        queue.tidy()
        assert queue.troubles() == []
