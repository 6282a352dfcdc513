"""Any sequence of steps, against a model of the contract."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagbot.queues import Counts, Delivery, Queue
from tests.examples import examples
from tests.queues.conftest import DiskEngine, ids, put

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


@pytest.mark.ci
@settings(max_examples=examples(60))
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
