"""What every engine promises."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagbot.queues import Counts, Delivery, Failing, Queue, Trouble
from tests.queues.conftest import DiskEngine, Engine, ids, take, with_notes_on_a_server_too


def put(queue: Queue, *numbers: int) -> None:
    for number in numbers:
        queue.put(f"m{number}", f"face{number}", {"number": number})


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


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "get", "ack", "retry", "bury", "redrive", "wait", "restart"]),
        st.integers(0, 3),
    ),
    max_size=30,
)


class Model:
    """The contract, as simple as it can be said: each message's state by its id."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.in_hand: list[Delivery] = []
        self.told_again: set[str] = set()
        """While they were in hand."""

    def counts(self) -> Counts:
        return Counts(*(list(self.states.values()).count(state) for state in Counts.__slots__))

    def move(self, old: str, new: str) -> None:
        self.states = {each: new if state == old else state for each, state in self.states.items()}


def step(queue: Queue, model: Model, verb: str, number: int) -> None:
    """One step of the queue, and the same of the model."""
    match verb:
        case "put":
            put(queue, number)
            if model.states.get(f"m{number}", "dead") == "dead":
                model.states[f"m{number}"] = "ready"
            elif model.states[f"m{number}"] == "in_flight":
                model.told_again.add(f"m{number}")
        case "get":
            delivery = queue.get(0)
            assert (delivery is None) == ("ready" not in model.states.values())
            if delivery is not None:
                assert model.states[delivery.id] == "ready"
                model.states[delivery.id] = "in_flight"
                model.in_hand.append(delivery)
        case "redrive":
            assert queue.redrive() == model.counts().dead
            model.move("dead", "ready")
        case _ if model.in_hand:
            end(model, model.in_hand.pop(number % len(model.in_hand)), verb)


def end(model: Model, delivery: Delivery, verb: str) -> None:
    again = delivery.id in model.told_again
    model.told_again.discard(delivery.id)
    if verb == "ack":
        delivery.ack()
        if again:
            model.states[delivery.id] = "ready"
        else:
            del model.states[delivery.id]
    elif verb == "retry":
        delivery.retry_after(10, "busy")
        model.states[delivery.id] = "delayed"
    else:
        delivery.bury("bad")
        model.states[delivery.id] = "dead"


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
@example(steps=[("put", 0), ("get", 0), ("put", 0), ("ack", 0)])
def test_no_sequence_of_steps_loses_or_doubles_a_message(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    engine, model = DiskEngine(tmp_path_factory.mktemp("steps")), Model()
    remaining = list(steps)
    while remaining:
        with engine.running() as queue:
            while remaining:
                verb, number = remaining.pop(0)
                if verb == "restart":
                    break
                if verb == "wait":
                    engine.pass_time(10)
                    assert queue.counts().dead == model.counts().dead
                    model.move("delayed", "ready")
                else:
                    step(queue, model, verb, number)
        model.in_hand.clear()
        model.told_again.clear()
        model.move("in_flight", "ready")
    with engine.running() as queue:
        engine.pass_time(10)
        model.move("delayed", "ready")
        alive = sorted(each for each, state in model.states.items() if state == "ready")
        assert sorted(ids(queue)) == alive
