"""Moving messages: each in its state, once, however often it is interrupted."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import astuple
from functools import partial

import pytest

from tagbot.database.opening import connected
from tagbot.errors import Reject
from tagbot.maintenance.transfer.message_copy import ComparedQueue, move_queues
from tagbot.maintenance.transfer.sent_messages import Confirmations
from tagbot.queues import MAX_CRASHES, Confirmed, Counts, Failing, FillableQueue, Stored, Trouble
from tagbot.queues.disk import disk_messages
from tagbot.queues.sqs import sqs_queues_beside
from tests.queues import NAME
from tests.queues.conftest import MAX_ATTEMPTS, DiskEngine, SqsEngine, ids, take
from tests.queues.sqs.helpers import crash

Move = Callable[[], ComparedQueue]


BEGAN = 1_700_000_000.0
DUE = BEGAN + 5 + 1000
"""When the delayed message of `in_every_state` is due; the move begins five seconds after `BEGAN`."""


class Killed(BaseException):
    """Nothing after it happens, as nothing catches it."""


class Dying:
    """A queue whose process dies before, or after, it has stored so many messages more."""

    def __init__(self, queue: FillableQueue, calls: int, *, after: bool) -> None:
        self.queue, self.calls, self.after = queue, calls, after

    def __getattr__(self, name: str) -> object:
        return getattr(self.queue, name)

    def fill(self, stored: Stored, mark: str) -> Confirmed:
        self.calls -= 1
        if self.calls < 0 and self.after:
            self.queue.fill(stored, mark)
        if self.calls < 0:
            raise Killed
        return self.queue.fill(stored, mark)


@pytest.fixture
def targets(sqs: SqsEngine) -> Iterator[Mapping[str, FillableQueue]]:
    sqs.clock.now = BEGAN + 5
    with (
        connected(),
        sqs_queues_beside(sqs.door, sqs.amazon.prefix, [NAME], MAX_ATTEMPTS, sqs.clock) as queues,
    ):
        yield queues


@pytest.fixture
def move(targets: Mapping[str, FillableQueue], disk: DiskEngine) -> Move:
    return lambda: moved(targets, disk)


def moved(targets: Mapping[str, FillableQueue], disk: DiskEngine) -> ComparedQueue:
    confirmations = Confirmations(disk.directory / "moved")
    [compared] = move_queues(partial(disk_messages, disk.directory), targets, confirmations, "sqs://there")
    return compared


def in_every_state(disk: DiskEngine) -> None:
    """m0 waits for its next attempt, m1 is dead, m2 was in hand at a crash, m3 and m4 are ready."""
    disk.clock.now = BEGAN
    with disk.running() as queue:
        for number in range(5):
            queue.put(f"m{number}", f"face{number}", {"number": number, "text": "Zoë"})
            disk.pass_time(1)
        take(queue).retry_after(1000, "throttled")
        take(queue).bury("no such face")
        take(queue)


def rows(disk: DiskEngine) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(disk.file)) as connection:
        return connection.execute("SELECT * FROM ack_queue_messages ORDER BY _id").fetchall()


@pytest.mark.rule("migrate-messages")
def test_each_message_comes_in_its_state_and_the_source_stays_as_it_was(
    sqs: SqsEngine, disk: DiskEngine, move: Move
) -> None:
    in_every_state(disk)
    before = rows(disk)
    compared = move()
    assert compared.messages.is_equal
    assert compared.here == compared.there == Counts(ready=3, delayed=1, dead=1)
    assert rows(disk) == before
    with sqs.running() as queue:
        assert queue.counts() == Counts(ready=3, delayed=1, dead=1)
        assert queue.oldest() == BEGAN
        assert queue.failing() == Failing(tried=BEGAN + 5)
        assert set(queue.troubles()) == {
            Trouble("delayed", "throttled", 1, BEGAN, DUE), Trouble("dead", "no such face", 1, BEGAN + 1),
        }  # fmt: skip
        for number in (2, 3, 4):
            delivery = take(queue)
            assert (delivery.id, delivery.attempt) == (f"m{number}", 1)
            assert delivery.body == {"number": number, "text": "Zoë"}
            delivery.ack()
        assert queue.get(0) is None
        assert queue.redrive() == 1
        assert take(queue).id == "m1"


@pytest.mark.rule("migrate-messages")
def test_since_when_it_waits_is_kept(sqs: SqsEngine, disk: DiskEngine, move: Move) -> None:
    disk.clock.now = BEGAN
    with disk.running() as queue:
        queue.put("m1", "face1", {})
    move()
    with sqs.running() as queue:
        take(queue)
        assert queue.oldest() == BEGAN


@pytest.mark.rule("migrate-messages")
def test_a_delayed_message_comes_when_it_was_due_as_its_next_attempt(
    sqs: SqsEngine, disk: DiskEngine, move: Move
) -> None:
    in_every_state(disk)
    move()
    with sqs.running() as queue:
        for number in (2, 3, 4):
            delivery = take(queue)
            assert delivery.id == f"m{number}"
            delivery.ack()
        for seconds in (0, 900):
            sqs.pass_time(seconds)
            assert queue.get(0) is None
            assert queue.counts() == Counts(delayed=1, dead=1)
        sqs.pass_time(101)
        for _ in range(MAX_CRASHES - 1):  # that it was looked at too early was no crash
            crash(sqs)
        found = take(queue)
        assert (found.id, found.attempt) == ("m0", 2)


@pytest.mark.rule("migrate-messages")
def test_one_that_became_due_meanwhile_comes_at_once(sqs: SqsEngine, disk: DiskEngine, move: Move) -> None:
    in_every_state(disk)
    sqs.clock.now = DUE + 1
    move()
    with sqs.running() as queue:
        assert "m0" in ids(queue)


@pytest.mark.rule("migrate-messages")
def test_messages_about_one_face_come_in_the_order_in_which_the_disk_would_have_handed_them_out(
    sqs: SqsEngine, disk: DiskEngine, move: Move
) -> None:
    disk.clock.now = BEGAN
    with disk.running() as queue:
        for number in range(4):
            queue.put(f"m{number}", "face", {})
        take(queue).retry_after(20, "busy")
        take(queue).retry_after(10, "busy")
    sqs.clock.now = BEGAN + 30
    move()
    found = []
    with sqs.running() as queue:
        while (delivery := queue.get(0)) is not None:
            found.append(delivery.id)
            delivery.ack()
    assert found == ["m2", "m3", "m1", "m0"]


@pytest.mark.rule("migrate-killed")
@pytest.mark.parametrize("after", [False, True], ids=["before it is stored", "before that is noted"])
def test_killed_twice_it_goes_on_where_it_was_and_stores_nothing_twice(
    disk: DiskEngine, targets: Mapping[str, FillableQueue], after: bool
) -> None:
    in_every_state(disk)
    for calls in (1, 2):
        dying = {NAME: Dying(targets[NAME], calls, after=after)}
        with pytest.raises(Killed):
            moved(dying, disk)  # type: ignore[arg-type]  # the rest of a queue is behind __getattr__
    compared = moved(targets, disk)
    assert compared.messages.is_equal
    assert compared.there == Counts(ready=3, delayed=1, dead=1)


@pytest.mark.rule("migrate-killed")
def test_a_twin_that_comes_of_a_kill_and_a_long_pause_is_not_taken_for_a_stranger(
    sqs: SqsEngine, disk: DiskEngine, targets: Mapping[str, FillableQueue]
) -> None:
    in_every_state(disk)
    with pytest.raises(Killed):
        moved({NAME: Dying(targets[NAME], 0, after=True)}, disk)  # type: ignore[dict-item]  # as above
    for _ in range(2):  # the second time, nothing is sent
        sqs.pass_time(400)
        compared = moved(targets, disk)
    assert compared.messages.is_equal
    assert sum(astuple(compared.there)) == 6


@pytest.mark.rule("migrate-killed")
def test_killed_while_it_notes_it_forgets_half_a_note(disk: DiskEngine, move: Move) -> None:
    in_every_state(disk)
    move()
    ledger = disk.directory / "moved"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole[:-10])
    compared = move()
    assert compared.messages.is_equal
    assert sum(astuple(compared.there)) == 5


@pytest.mark.rule("migrate-foreign-queues")
def test_what_holds_something_else_is_refused_and_gets_nothing(
    sqs: SqsEngine, disk: DiskEngine, move: Move
) -> None:
    in_every_state(disk)
    with sqs.running() as queue:
        queue.put("another", "face", {})
    with pytest.raises(Reject, match="sqs://there holds 1 messages, and 0 of this move"):
        move()
    with sqs.running() as queue:
        assert queue.counts() == Counts(ready=1)


@pytest.mark.rule("migrate-foreign-queues")
def test_a_message_that_left_its_queue_between_two_attempts_is_told(disk: DiskEngine, move: Move) -> None:
    in_every_state(disk)
    assert move().messages.is_equal
    with disk.running() as queue:
        take(queue).ack()
    assert not move().messages.is_equal


@pytest.mark.rule("migrate-messages")
def test_what_cannot_be_read_comes_as_a_dead_letter(sqs: SqsEngine, disk: DiskEngine, move: Move) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        queue.put("m2", "face2", {})
        take(queue).bury("no such face")
    with closing(sqlite3.connect(disk.file)) as connection, connection:
        connection.execute("UPDATE ack_queue_messages SET data = CAST(x'ff00' AS TEXT), key = NULL")
    compared = move()
    assert compared.messages.is_equal
    assert compared.there == Counts(ready=1, dead=1)
    with sqs.running() as queue:
        assert queue.get(0) is None
        assert queue.counts() == Counts(dead=2)
        assert {each.error for each in queue.troubles()} == {
            "no such face", "unreadable message: a field is missing",
        }  # fmt: skip
        assert queue.redrive() == 2


def delete_queues(sqs: SqsEngine, *names: str) -> None:
    """As an operator does, who waits for the minute that SQS asks for."""
    client = sqs.amazon.client("sqs")
    for name in names:
        url = client.get_queue_url(QueueName=f"{sqs.amazon.prefix}{name}.fifo")["QueueUrl"]
        client.delete_queue(QueueUrl=url)
    sqs.pass_time(61)


@pytest.fixture
def another_run(sqs: SqsEngine, disk: DiskEngine) -> Move:
    """The command again: another process, which has seen nothing of the queues yet."""

    def run() -> ComparedQueue:
        place = sqs.door, sqs.amazon.prefix, [NAME], MAX_ATTEMPTS, sqs.clock
        with connected(), sqs_queues_beside(*place) as queues:
            return moved(queues, disk)

    return run


@pytest.mark.rule("migrate-lost-queues")
@pytest.mark.parametrize(
    ("deleted", "left"),
    [
        ([NAME, f"{NAME}-dead"], Counts()),
        ([NAME], Counts(dead=1)),
        ([f"{NAME}-dead"], Counts(ready=3, delayed=1)),
    ],
)
def test_what_lay_in_queues_that_were_deleted_is_sent_again_and_nothing_else(
    sqs: SqsEngine, disk: DiskEngine, another_run: Move, deleted: list[str], left: Counts
) -> None:
    sqs.clock.now = BEGAN
    in_every_state(disk)
    assert another_run().messages.is_equal
    delete_queues(sqs, *deleted)
    with connected(), sqs.beside() as queue:
        assert queue.counts() == left
    again = another_run()
    assert again.messages.is_equal
    assert again.there == Counts(ready=3, delayed=1, dead=1)


@pytest.mark.rule("migrate-lost-queues")
def test_what_was_sent_to_another_account_is_none_of_this_move(
    sqs: SqsEngine, disk: DiskEngine, another_run: Move
) -> None:
    sqs.clock.now = BEGAN
    in_every_state(disk)
    assert another_run().messages.is_equal
    ledger = disk.directory / "moved"
    [account] = set(re.findall(r":(\d{12}):", ledger.read_text()))
    ledger.write_text(ledger.read_text().replace(f":{account}:", ":000000000001:"))
    with pytest.raises(Reject, match=r"holds 5 messages, and 0 of this move, as .*moved says"):
        another_run()
    delete_queues(sqs, NAME, f"{NAME}-dead")
    again = another_run()
    assert (again.messages.is_equal, sum(astuple(again.there))) == (True, 5)


@pytest.mark.rule("migrate-lost-queues")
def test_queues_that_are_deleted_while_they_are_filled_are_noticed(
    sqs: SqsEngine, disk: DiskEngine, targets: Mapping[str, FillableQueue], another_run: Move
) -> None:
    class Deleting(Dying):
        def fill(self, stored: Stored, mark: str) -> Confirmed:
            self.calls -= 1
            if self.calls == 0:
                delete_queues(sqs, NAME)
            return self.queue.fill(stored, mark)

    in_every_state(disk)
    deleting = {NAME: Deleting(targets[NAME], 3, after=False)}
    assert not moved(deleting, disk).messages.is_equal  # type: ignore[arg-type]  # as above
    again = another_run()
    assert (again.messages.is_equal, sum(astuple(again.there))) == (True, 5)


def test_a_queue_that_was_never_used_moves_nothing(disk: DiskEngine, move: Move) -> None:
    disk.directory.mkdir()
    compared = move()
    assert (compared.messages.is_equal, compared.here) == (True, Counts())


@pytest.mark.rule("migrate-busy-moment")
def test_a_busy_moment_does_not_end_it(sqs: SqsEngine, disk: DiskEngine, move: Move) -> None:
    in_every_state(disk)
    sqs.amazon.fail("SendMessage", code="ServiceUnavailable", status=503)
    assert move().messages.is_equal
