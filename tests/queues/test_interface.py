"""What every engine promises."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tagbot.errors import Retry
from tagbot.queues import Counts, Queue
from tests.queues.conftest import Engine, ids, put, take, with_notes_on_a_server_too


def test_a_message_comes_out_as_it_was_put(queue: Queue) -> None:
    body = {"text": "Zoë ☃", "at": 0.1, "none": None, "list": [1, {"a": True}], "name": "caf\udce9.jpg"}
    queue.put("inbox:caf\udce9.jpg", "caf\udce9.jpg", body)
    delivery = take(queue)
    assert (delivery.id, delivery.body, delivery.attempt) == ("inbox:caf\udce9.jpg", body, 1)
    assert queue.holds("inbox:caf\udce9.jpg")


def test_messages_about_one_face_come_in_the_order_of_their_putting(queue: Queue) -> None:
    for number in (3, 1, 2):
        queue.put(f"m{number}", "face", {})
    found = []
    while (delivery := queue.get(0)) is not None:
        found.append(delivery.id)
        delivery.ack()
    assert found == ["m3", "m1", "m2"]


def test_an_empty_queue_gives_nothing(queue: Queue) -> None:
    assert queue.get(0) is None
    assert queue.get(0.01) is None


def test_an_acknowledged_message_is_gone(queue: Queue) -> None:
    put(queue, 1)
    take(queue).ack()
    assert queue.counts() == Counts()
    assert not queue.holds("m1")
    assert queue.get(0) is None


def test_a_message_in_hand_is_not_handed_out_again(queue: Queue) -> None:
    put(queue, 1)
    take(queue)
    assert queue.get(0) is None
    assert queue.counts() == Counts(in_flight=1)


@with_notes_on_a_server_too
def test_a_retry_comes_when_it_is_due_and_not_before(engine: Engine, queue: Queue) -> None:
    put(queue, 1)
    take(queue).retry_after(30, "busy")
    assert queue.counts() == Counts(delayed=1)
    engine.pass_time(30 - engine.early)
    assert queue.get(0) is None
    engine.pass_time(engine.early + 0.1)
    assert take(queue).attempt == 2


def test_a_delayed_message_holds_up_nobody(queue: Queue) -> None:
    put(queue, 1, 2)
    take(queue).retry_after(30, "busy")
    assert ids(queue) == ["m2"]


def test_retries_come_in_the_order_in_which_they_are_due(engine: Engine, queue: Queue) -> None:
    put(queue, 1, 2)
    take(queue).retry_after(31, "busy")
    take(queue).retry_after(30, "busy")
    engine.pass_time(30)
    assert ids(queue) == ["m2"]
    engine.pass_time(1)
    assert ids(queue) == ["m1"]


@with_notes_on_a_server_too
def test_a_dead_letter_stays_until_it_is_redriven_and_then_starts_anew(engine: Engine, queue: Queue) -> None:
    put(queue, 1)
    take(queue).retry_after(1, "busy")
    engine.pass_time(1)
    take(queue).bury("no such face")
    assert queue.get(0) is None
    assert queue.counts() == Counts(dead=1)
    assert queue.redrive() == 1
    assert take(queue).attempt == 1


@with_notes_on_a_server_too
def test_redriving_twice_is_redriving_once(queue: Queue) -> None:
    put(queue, 1, 2)
    for _ in range(2):
        take(queue).bury("bad")
    assert (queue.redrive(), queue.redrive()) == (2, 0)
    assert queue.counts() == Counts(ready=2)


@with_notes_on_a_server_too
def test_a_redrive_can_be_of_one_key(queue: Queue) -> None:
    put(queue, 1, 2)
    for _ in range(2):
        take(queue).bury("bad")
    assert queue.redrive("face2") == 1
    assert queue.redrive("unknown") == 0
    assert ids(queue) == ["m2"]


@pytest.mark.rule("commands-beside-bot")
def test_a_redrive_leaves_alone_what_is_ready_delayed_or_in_hand(queue: Queue) -> None:
    put(queue, 1, 2, 3)
    take(queue).retry_after(30, "busy")
    take(queue)
    assert queue.redrive() == 0
    assert queue.counts() == Counts(ready=1, delayed=1, in_flight=1)


def test_a_twin_of_a_message_that_is_ready_or_delayed_is_not_handed_out(engine: Engine, queue: Queue) -> None:
    put(queue, 1, 1)
    take(queue).retry_after(30, "busy")
    put(queue, 1)
    engine.pass_time(31)
    delivery = take(queue)
    assert delivery.attempt == 2
    delivery.ack()
    assert queue.get(0) is None
    assert queue.counts() == Counts()


def test_what_is_told_again_while_it_is_in_hand_is_handed_out_once_more(queue: Queue) -> None:
    queue.put("m1", "face1", {"number": 1})
    delivery = take(queue)
    queue.put("m1", "face1", {"number": 2})
    assert queue.get(0) is None, "not while the first is in hand"
    delivery.ack()
    again = take(queue)
    assert (again.body, again.attempt) == ({"number": 2}, 1)
    again.ack()
    assert queue.counts() == Counts()


@with_notes_on_a_server_too
def test_what_was_told_again_and_then_fails_is_handed_out_as_its_next_attempt(
    engine: Engine, queue: Queue
) -> None:
    put(queue, 1)
    delivery = take(queue)
    put(queue, 1)
    delivery.retry_after(30, "busy")
    engine.pass_time(31)
    again = take(queue)
    assert again.attempt == 2
    again.ack()
    assert queue.get(0) is None
    assert queue.counts() == Counts()


def test_a_message_that_is_done_may_be_put_again(queue: Queue) -> None:
    put(queue, 1)
    take(queue).ack()
    put(queue, 1)
    assert ids(queue) == ["m1"]


@with_notes_on_a_server_too
def test_a_dead_letter_does_not_swallow_a_put_of_its_id(queue: Queue) -> None:
    queue.put("m1", "face1", {"number": 1})
    take(queue).bury("bad")
    queue.put("m1", "face1", {"number": 2})
    delivery = take(queue)
    assert (delivery.body, delivery.attempt) == ({"number": 2}, 1)
    assert queue.redrive() == 0, "there would be two of it"


def test_a_delivery_ends_once(engine: Engine, queue: Queue) -> None:
    put(queue, 1)
    delivery = take(queue)
    delivery.retry_after(30, "busy")
    delivery.ack()
    delivery.bury("late")
    assert queue.counts() == Counts(delayed=1)
    engine.pass_time(30)
    assert ids(queue) == ["m1"]


@pytest.mark.rule("durable-queues")
@with_notes_on_a_server_too
def test_everything_is_there_after_a_restart(engine: Engine) -> None:
    with engine.running() as queue:
        put(queue, 1, 2, 3, 4)
        take(queue).retry_after(30, "busy")
        take(queue).bury("bad")
        take(queue).ack()
    with engine.running() as queue:
        assert queue.counts() == Counts(ready=1, delayed=1, dead=1)
        assert ids(queue) == ["m4"]


def test_a_restart_brings_no_retry_sooner(engine: Engine) -> None:
    with engine.running() as queue:
        put(queue, 1)
        take(queue).retry_after(30, "busy")
    engine.pass_time(29)
    with engine.running() as queue:
        assert queue.get(0) is None
        engine.pass_time(1)
        assert take(queue).attempt == 2


@with_notes_on_a_server_too
def test_what_was_in_hand_comes_back_after_a_restart_in_its_old_place_and_attempt(engine: Engine) -> None:
    with engine.running() as queue:
        put(queue, 1, 2, 3)
        take(queue)
    with engine.running() as queue:
        delivery = take(queue)
        assert (delivery.id, delivery.attempt) == ("m1", 1)
        assert ids(queue) == ["m2", "m3"]


def about(name: str) -> Callable[[str], bool]:
    """What is to be dropped, as somebody is to be forgotten."""
    return lambda text: name in text


@pytest.mark.rule("forget-all")
@with_notes_on_a_server_too
def test_what_is_about_somebody_is_dropped_in_whatever_state_and_never_comes_back(engine: Engine) -> None:
    with engine.running() as queue:
        for number, name in enumerate(("Zoë", "Ada") * 3):
            queue.put(f"m{number}", f"face{number}", {"name": name})
        for how in ("dead", "delayed"):
            for _ in range(2):
                take(queue).bury("bad") if how == "dead" else take(queue).retry_after(300, "busy")
    with engine.running() as queue:
        assert queue.drop(about("Zo\\u00eb")) == 3
        assert queue.counts() == Counts(ready=1, delayed=1, dead=1)
        assert queue.drop(about("Zo\\u00eb")) == 0
        assert [(each.state, each.count) for each in queue.troubles()] == [("dead", 1), ("delayed", 1)]
        assert queue.redrive() == 1
        found = [take(queue) for _ in range(2)]
        assert sorted(each.id for each in found) == ["m1", "m5"]
        assert {each.attempt for each in found} == {1}, "to be looked at is no attempt"
        for each in found:
            each.ack()
        engine.pass_time(301)
        delivery = take(queue)
        assert (delivery.id, delivery.attempt) == ("m3", 2)
        assert ids(queue) == []


@with_notes_on_a_server_too
def test_what_only_the_reason_of_its_failure_names_somebody_is_dropped_too(queue: Queue) -> None:
    put(queue, 1, 2)
    take(queue).bury("nobody is called Ada")
    take(queue).retry_after(300, "nobody is called Ada")
    assert queue.drop(about("Ada")) == 2
    assert (queue.counts(), queue.troubles()) == (Counts(), [])


def test_what_is_in_hand_is_not_dropped_before_its_stage_is_done(queue: Queue) -> None:
    queue.put("m1", "face1", {"name": "Ada"})
    delivery = take(queue)
    with pytest.raises(Retry, match="is being worked on"):
        queue.drop(about("Ada"))
    delivery.retry_after(300, "busy")
    assert queue.drop(about("Ada")) == 1
    assert queue.counts() == Counts()


def test_what_is_in_hand_and_about_others_is_waited_for_by_nobody(queue: Queue) -> None:
    put(queue, 1, 2)
    delivery = take(queue)
    assert queue.drop(about('"number": 2')) == 1
    delivery.ack()
    assert queue.counts() == Counts()


def test_a_waiting_get_is_woken_by_a_put(queue: Queue) -> None:
    with ThreadPoolExecutor(max_workers=9) as pool:
        waiting = pool.submit(queue.get, 60)
        put(queue, 1)
        delivery = waiting.result(timeout=5)
    assert delivery is not None


def test_a_waiting_get_returns_nothing_when_the_queue_is_closed(engine: Engine) -> None:
    with ThreadPoolExecutor() as pool, engine.running() as queue:
        waiting = [pool.submit(queue.get, 60) for _ in range(3)]
        queue.close()
        assert [each.result(timeout=5) for each in waiting] == [None] * 3


def test_many_threads_get_each_message_once(engine: Engine, queue: Queue) -> None:
    number, done, lock = engine.many, list[str](), threading.Lock()
    finished = threading.Event()

    def work(seed: int) -> None:
        chance = random.Random(seed)
        while not finished.is_set():
            delivery = queue.get(0.05)
            if delivery is None:
                continue
            if delivery.attempt == 1 and chance.random() < 0.2:
                delivery.retry_after(0, "busy")
                continue
            with lock:
                done.append(delivery.id)
                if len(done) >= number:
                    finished.set()
            delivery.ack()

    with ThreadPoolExecutor(max_workers=9) as pool:
        workers = [pool.submit(work, seed) for seed in range(6)]
        putters = [pool.submit(put, queue, *range(first, number, 3)) for first in range(3)]
        for thread in putters + workers:
            thread.result(timeout=60)
    assert sorted(done) == sorted(f"m{each}" for each in range(number))
    assert queue.counts() == Counts()
