"""What every engine says of its messages in figures."""

import pytest

from tagbot.queues import Failing, Queue, Trouble
from tests.queues.conftest import Engine, put, take, with_notes_on_a_server_too


def test_holds_knows_every_state(queue: Queue) -> None:
    put(queue, 1, 2, 3, 4)
    take(queue)
    take(queue).retry_after(30, "busy")
    take(queue).bury("bad")
    assert all(queue.holds(f"m{number}") for number in (1, 2, 3, 4))


def test_a_message_of_another_id_is_not_held_by_a_queue_in_which_all_is_known(queue: Queue) -> None:
    put(queue, 1, 2, 3)
    take(queue)
    take(queue).retry_after(30, "busy")
    take(queue).bury("bad")
    assert not queue.holds("m5")


@with_notes_on_a_server_too
def test_why_a_message_is_dead_is_told_until_it_is_put_back(queue: Queue) -> None:
    put(queue, 1, 2, 3)
    take(queue)
    take(queue).retry_after(30, "busy")
    take(queue).bury("no “scope”", given_up=True)
    assert [queue.why_dead(f"m{number}") for number in (1, 2, 3, 4)] == [None, None, "no “scope”", None]
    assert queue.redrive() == 1
    assert queue.why_dead("m3") is None


@with_notes_on_a_server_too
def test_troubles_are_grouped_with_the_most_frequent_first_and_since_when(
    engine: Engine, queue: Queue
) -> None:
    put(queue, 1)
    engine.pass_time(10)
    put(queue, 2)
    engine.pass_time(50)
    put(queue, 3, 4, 5)
    take(queue).retry_after(30, "throttled")
    take(queue).bury("gone")
    take(queue).bury("gone")
    take(queue)
    now = engine.clock.now
    assert queue.troubles() == [
        Trouble("dead", "gone", 2, now - 50),
        Trouble("delayed", "throttled", 1, now - 60, now + 30),
    ]


@with_notes_on_a_server_too
def test_the_oldest_is_whatever_is_not_done_or_dead_and_was_seen_first(engine: Engine, queue: Queue) -> None:
    begin = engine.clock.now
    assert queue.oldest() is None
    for number in (1, 2, 3, 4):
        put(queue, number)
        engine.pass_time(10)
    dead, delayed, in_hand = take(queue), take(queue), take(queue)
    assert queue.oldest() == begin
    dead.bury("gone")
    delayed.retry_after(3600, "busy")
    assert queue.oldest() == begin + 10
    in_hand.ack()
    assert queue.oldest() == begin + 10


def test_what_troubled_a_message_before_it_was_redriven_is_no_trouble_now(queue: Queue) -> None:
    put(queue, 1)
    take(queue).bury("gone")
    queue.redrive()
    assert queue.troubles() == []


@pytest.mark.rule("held-up-told-once")
def test_a_message_fails_since_its_first_failure_in_a_row_and_until_it_has_worked(
    engine: Engine, queue: Queue
) -> None:
    put(queue, 1)
    engine.pass_time(3600)
    assert queue.failing() == Failing()
    began = engine.clock.now
    take(queue).retry_after(30, "busy")
    assert queue.failing() == Failing(tried=began)
    engine.pass_time(31)
    again = take(queue)
    assert queue.failing() == Failing(tried=began), "in hand"
    again.retry_after(30, "busy")
    assert queue.failing() == Failing(tried=began)
    engine.pass_time(31)
    take(queue).ack()
    assert queue.failing() == Failing()


def test_what_was_given_up_fails_until_it_is_redriven_and_then_anew(engine: Engine, queue: Queue) -> None:
    put(queue, 1, 2, 3)
    for _ in range(2):
        take(queue).retry_after(30, "busy")
        engine.pass_time(5)
    second = engine.clock.now - 5
    engine.pass_time(31)
    for _ in range(2):
        take(queue).bury("still busy", given_up=True)
    take(queue).retry_after(1, "busy")
    assert queue.failing() == Failing(tried=engine.clock.now, given_up=second)
    engine.pass_time(2)
    take(queue).ack()
    queue.redrive()
    assert queue.failing() == Failing()
    engine.pass_time(60)
    take(queue).bury("never works", given_up=True)
    assert queue.failing() == Failing(given_up=engine.clock.now)


def test_a_dead_letter_that_never_can_work_fails_since_no_time(engine: Engine, queue: Queue) -> None:
    put(queue, 1, 2)
    take(queue).retry_after(30, "busy")
    take(queue).bury("no such face")
    engine.pass_time(31)
    take(queue).bury("no such face")
    assert queue.failing() == Failing()
