"""Messages in flight stay invisible to other bots."""

from pathlib import Path

import pytest

from tagbot.aws.sqs_api import HASTY_CONNECT_SECONDS, HASTY_READ_SECONDS
from tagbot.errors import Retry
from tagbot.messages import PhotoArrived
from tagbot.pipeline import PIPELINE
from tagbot.queues import Counts
from tagbot.queues.sqs.queue_pair import VISIBILITY_TIMEOUT_SECONDS
from tagbot.queues.sqs.sqs_queue import SqsQueue
from tagbot.queues.sqs.visibility_timeout import EXTENSION_SECONDS, LONGEST_IDLE_SECONDS
from tests.queues.conftest import SqsEngine, ids, take
from tests.queues.sqs.helpers import database_away


@pytest.mark.rule("sqs-one-bot-a-face")
def test_what_takes_long_stays_in_hand_as_long_as_the_bot_lives(sqs: SqsEngine) -> None:
    with sqs.running() as here, sqs.running() as there:
        assert isinstance(here, SqsQueue)
        here.put("m1", "face1", {})
        delivery = take(here)
        for _ in range(3):
            sqs.pass_time(VISIBILITY_TIMEOUT_SECONDS - 1)
            here.visibility.extend()
            assert there.get(0) is None
        delivery.ack()
        sqs.pass_time(VISIBILITY_TIMEOUT_SECONDS + 1)
        assert there.get(0) is None
        assert here.counts() == Counts()


@pytest.mark.failure("one-bot-dies", shows="what happens")
def test_what_a_bot_cannot_get_on_with_another_one_gets(sqs: SqsEngine, tmp_path: Path) -> None:
    with sqs.running() as cut_off, sqs.running() as there:
        assert isinstance(cut_off, SqsQueue)
        for number in (1, 2, 3, 4):
            cut_off.put(f"m{number}", f"face{number}", {})
        put_off, worked_on, done = take(cut_off), take(cut_off), take(cut_off)
        with database_away(tmp_path):
            with pytest.raises(Retry, match="database"):
                cut_off.get(0)
            put_off.retry_after(30, "the database is away")
            done.bury("bad")
            for _ in range(LONGEST_IDLE_SECONDS // VISIBILITY_TIMEOUT_SECONDS + 2):
                sqs.pass_time(VISIBILITY_TIMEOUT_SECONDS - 1)
                cut_off.visibility.extend()
        assert sorted(ids(there)) == ["m1", "m4"], "nobody else gets what is worked on, or what is dead"
        assert cut_off.get(0) is None
        assert there.holds("m3")
        assert [each.error for each in there.troubles()] == ["bad"], "how the others go on, others tell"
        worked_on.ack()
        assert there.counts() == Counts(in_flight=2, dead=1)


def test_all_that_is_in_hand_is_kept_in_time_also_when_sqs_hangs_at_each_call(sqs: SqsEngine) -> None:
    at_work = sum(stage.workers for stage in PIPELINE if stage.reads is not PhotoArrived)
    in_hand = 2 * at_work  # each works on one, and one has come for it
    assert (
        EXTENSION_SECONDS + in_hand * (HASTY_CONNECT_SECONDS + HASTY_READ_SECONDS)
        < VISIBILITY_TIMEOUT_SECONDS
    )
    with sqs.running() as queue:
        assert isinstance(queue, SqsQueue)
        queue.put("m1", "face1", {})
        take(queue)
        sqs.amazon.fail("ChangeMessageVisibility", code="ServiceUnavailable", status=503)
        queue.visibility.extend()
        assert "change_message_visibility" in sqs.door.hasty.health._failing, "it is these that are as short"
