"""What the queues on Amazon SQS promise beyond the contract; the service is strict (`tests.aws.server`)."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tagbot.aws.sqs_api import (
    HASTY_CONNECT_SECONDS,
    HASTY_READ_SECONDS,
    LONGEST_VISIBILITY_TIMEOUT,
    READ_SECONDS,
    Sqs,
)
from tagbot.errors import Reject, Retry
from tagbot.messages import PhotoArrived
from tagbot.pipeline import PIPELINE
from tagbot.queues import MAX_CRASHES, Counts, Delivery
from tagbot.queues.envelope import Envelope
from tagbot.queues.sqs import (
    BEAT_SECONDS,
    LONGEST_MESSAGE,
    LONGEST_REST_SECONDS,
    RETENTION_SECONDS,
    VISIBILITY_SECONDS,
    WAIT_SECONDS,
    _SqsQueue,
    sqs_queues,
    sqs_queues_beside,
)
from tests.aws.service import REGION
from tests.queues import NAME
from tests.queues.conftest import MAX_ATTEMPTS, SqsEngine, ids, take

NO_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"

OUR_FAULT = "InvalidArgument"
"""What AWS answers to a call that it will never take."""


def attributes(sqs: SqsEngine, suffix: str = "") -> dict[str, str]:
    return sqs.door.attributes(f"{sqs.amazon.prefix}{NAME}{suffix}.fifo", "All")


# Made as they should be.


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


def delete(sqs: SqsEngine, suffix: str = "") -> None:
    """As an operator does by mistake."""
    client, name = sqs.amazon.client("sqs"), f"{sqs.amazon.prefix}{NAME}{suffix}.fifo"
    client.delete_queue(QueueUrl=client.get_queue_url(QueueName=name)["QueueUrl"])


@pytest.mark.rule("sqs-queues-made")
def test_a_queue_that_somebody_deleted_is_made_again(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        delete(sqs)
        with pytest.raises(Retry, match="is gone; it is made again"):
            queue.get(0)
        queue.put("m2", "face2", {})
        assert take(queue).id == "m2"


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


# Put once, whatever happens on the way.


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


# Several bots.


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


@pytest.mark.rule("sqs-one-bot-a-face")
def test_what_takes_long_stays_in_hand_as_long_as_the_bot_lives(sqs: SqsEngine) -> None:
    with sqs.running() as here, sqs.running() as there:
        assert isinstance(here, _SqsQueue)
        here.put("m1", "face1", {})
        delivery = take(here)
        for _ in range(3):
            sqs.pass_time(VISIBILITY_SECONDS - 1)
            here.beat()
            assert there.get(0) is None
        delivery.ack()
        sqs.pass_time(VISIBILITY_SECONDS + 1)
        assert there.get(0) is None
        assert here.counts() == Counts()


@pytest.mark.failure("one-bot-dies", shows="what happens")
def test_what_a_bot_cannot_get_on_with_another_one_gets(sqs: SqsEngine, tmp_path: Path) -> None:
    with sqs.running() as cut_off, sqs.running() as there:
        assert isinstance(cut_off, _SqsQueue)
        for number in (1, 2, 3, 4):
            cut_off.put(f"m{number}", f"face{number}", {})
        put_off, worked_on, done = take(cut_off), take(cut_off), take(cut_off)
        with database_away(tmp_path):
            with pytest.raises(Retry, match="database"):
                cut_off.get(0)
            put_off.retry_after(30, "the database is away")
            done.bury("bad")
            for _ in range(LONGEST_REST_SECONDS // VISIBILITY_SECONDS + 2):
                sqs.pass_time(VISIBILITY_SECONDS - 1)
                cut_off.beat()
        assert sorted(ids(there)) == ["m1", "m4"], "nobody else gets what is worked on, or what is dead"
        assert cut_off.get(0) is None
        assert there.holds("m3")
        assert [each.error for each in there.troubles()] == ["bad"], "how the others go on, others tell"
        worked_on.ack()
        assert there.counts() == Counts(in_flight=2, dead=1)


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
        sqs.pass_time(VISIBILITY_SECONDS + 1)
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


def test_while_something_is_ready_nobody_knows_what_it_is(sqs: SqsEngine) -> None:
    with sqs.running() as here, sqs.running() as there:
        here.put("m1", "face1", {})
        assert there.holds("anything"), "it may be this one"
        delivery = take(here)
        assert not here.holds("anything"), "all that is there, is in our hands"
        delivery.ack()


# Crashes.


def crash(sqs: SqsEngine) -> None:
    """Take a message and die: nobody says how that ended."""
    lost = _SqsQueue(sqs.door, sqs.amazon.prefix, NAME, MAX_ATTEMPTS, sqs.clock)
    take(lost)
    sqs.pass_time(VISIBILITY_SECONDS + 1)


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
            sqs.pass_time(VISIBILITY_SECONDS + 1)
            take(there).retry_after(0, "busy")
        assert late.id == "m1"
        for _ in range(MAX_CRASHES - 1):
            crash(sqs)
        assert take(there).attempt == 2


# Things go wrong.


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
        assert isinstance(queue, _SqsQueue)
        for number in (1, 2):
            queue.put(f"m{number}", f"face{number}", {})
            take(queue)
        sqs.amazon.fail("ReceiveMessage", code=OUR_FAULT)
        with pytest.raises(Retry, match="refuses sqs:ReceiveMessage: InvalidArgument"):
            queue.get(5)
        assert queue._poller is not None
        assert queue._poller.is_alive()
        sqs.amazon.fail("ChangeMessageVisibility", code=OUR_FAULT)
        queue.beat()
        assert sqs.amazon.calls().count("ChangeMessageVisibility") == 2, "the second is kept all the same"


@contextmanager
def database_away(folder: Path) -> Iterator[None]:
    """Where it was, there is something else."""
    (folder / "tagbot.db").rename(folder / "away.db")
    (folder / "tagbot.db").mkdir()
    yield
    (folder / "tagbot.db").rmdir()
    (folder / "away.db").rename(folder / "tagbot.db")


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
        killed = _SqsQueue(sqs.door, sqs.amazon.prefix, NAME, MAX_ATTEMPTS, sqs.clock)
        assert len(killed._dead_letters()) == 3
        sqs.pass_time(VISIBILITY_SECONDS + 1)
        assert queue.redrive() == 3


def test_a_redrive_that_takes_long_keeps_what_it_has_looked_at(sqs: SqsEngine) -> None:
    def slow() -> float:
        sqs.pass_time(BEAT_SECONDS)
        return sqs.clock.now

    with sqs_queues_beside(sqs.door, sqs.amazon.prefix, [NAME], MAX_ATTEMPTS, slow) as queues:
        queues[NAME].put("m", "face", {})
        dead_letters(sqs, 45)
        assert queues[NAME].redrive("face44") == 1


# Time and cost.


@pytest.mark.rule("sqs-long-polls")
def test_an_idle_queue_is_asked_by_long_polls_only(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        for _ in range(20):
            assert queue.get(0.02) is None
        assert sqs.amazon.calls().count("ReceiveMessage") == 1


def test_a_call_may_take_longer_than_sqs_waits() -> None:
    assert WAIT_SECONDS + 5 < READ_SECONDS


def test_a_put_gives_up_before_slack_does(sqs: SqsEngine) -> None:
    assert 2 * (HASTY_CONNECT_SECONDS + HASTY_READ_SECONDS) < 3
    with sqs.beside() as queue:
        queue.put("m1", "face1", {})
        sqs.amazon.fail("SendMessage", code="ServiceUnavailable", status=503, times=2)
        with pytest.raises(Retry, match="busy"):
            queue.put("m2", "face2", {})
        assert "send_message" in sqs.door.hasty.health._failing, "it is these calls that are as short"
        queue.put("m2", "face2", {})


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


def test_all_that_is_in_hand_is_kept_in_time_also_when_sqs_hangs_at_each_call(sqs: SqsEngine) -> None:
    at_work = sum(stage.workers for stage in PIPELINE if stage.reads is not PhotoArrived)
    in_hand = 2 * at_work  # each works on one, and one has come for it
    assert BEAT_SECONDS + in_hand * (HASTY_CONNECT_SECONDS + HASTY_READ_SECONDS) < VISIBILITY_SECONDS
    with sqs.running() as queue:
        assert isinstance(queue, _SqsQueue)
        queue.put("m1", "face1", {})
        take(queue)
        sqs.amazon.fail("ChangeMessageVisibility", code="ServiceUnavailable", status=503)
        queue.beat()
        assert "change_message_visibility" in sqs.door.hasty.health._failing, "it is these that are as short"


def test_no_wait_is_longer_than_sqs_allows(sqs: SqsEngine) -> None:
    with sqs.running() as queue:
        queue.put("m1", "face1", {})
        take(queue).retry_after(10 * LONGEST_VISIBILITY_TIMEOUT, "busy")
        assert queue.counts() == Counts(delayed=1)


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


def test_queues_are_closed_with_their_door(sqs: SqsEngine) -> None:
    with closing(Sqs(REGION)) as door:
        with sqs_queues(door, sqs.amazon.prefix, [NAME], MAX_ATTEMPTS, sqs.clock) as queues:
            queues[NAME].put("m1", "face1", {})
        assert door._client is None
    for act in (lambda: queues[NAME].put("m2", "face2", {}), queues[NAME].counts, queues[NAME].redrive):
        with pytest.raises(Retry, match="closed"):
            act()
    assert queues[NAME].get(0) is None
