"""Where tagging is held up, and since when: by queue, and over all bots."""

from typing import Any

import pytest

from tagbot.monitoring import stall_causes
from tagbot.monitoring.heartbeat import TAKING, Heartbeat
from tagbot.monitoring.stall_causes import Stall
from tests.world import World

CONNECTED = {"connections": 1, "since": 20.0, "trouble": ""}
NOT_CONNECTED = {"connections": 0, "since": 30.0, "trouble": "Socket Mode is switched off"}


def bot(name: str = "a", *, failing: dict[str, Any] | None = None, **said: Any) -> Heartbeat:
    """One that runs two stages; what fails at taking messages."""
    failures = [{"door": TAKING, "reason": "Amazon SQS does not answer", **failing}] if failing else []
    return Heartbeat(
        name, "attic", "1", 0.0, 100.0, stages=["UndoTag", "CleanupTag"], failing=failures, **said
    )


FAILS, FAILS_LATER = {"what": "UndoTag", "since": 10.0}, {"what": "UndoTag", "since": 50.0}


@pytest.mark.parametrize(
    ("bots", "expected"),
    [
        ([bot(failing=FAILS)], [Stall("taking UndoTag", 10.0)]),
        ([bot(failing=FAILS), bot("b")], []),
        ([bot(), bot("b", failing=FAILS)], []),
        ([bot(failing=FAILS), bot("b", failing=FAILS_LATER)], [Stall("taking UndoTag", 50.0)]),
        ([bot(failing={"since": 10.0})], []),
        ([bot(slack=NOT_CONNECTED)], [Stall("the connections to Slack", 30.0)]),
        ([bot(slack=NOT_CONNECTED), bot("b", slack=CONNECTED)], []),
        ([bot(slack=NOT_CONNECTED), bot("b")], [Stall("the connections to Slack", 30.0)]),
        ([bot(slack=CONNECTED)], []),
        (
            [bot(), bot("b", in_hand_for_long=[{"stage": "UndoTag", "message": "m", "seconds": 90.0}])],
            [Stall("hanging UndoTag", 10.0)],
        ),
    ],
    ids=[
        "no messages", "another bot takes them", "also where that one asks", "none takes them",
        "a bot of an earlier version does not say which stage", "no clicks", "another bot gets them",
        "a bot that hears no people does not count", "clicks", "one that hangs holds its message",
    ],
)  # fmt: skip
def test_only_what_no_bot_does_is_held_up(bots: list[Heartbeat], expected: list[Stall]) -> None:
    assert list(stall_causes.of_bots(bots, 100.0)) == expected


def test_a_queue_that_cannot_be_asked_fails_since_it_was_first_seen_so(world: World) -> None:
    since: dict[str, float] = {}
    assert list(stall_causes.of_queues(world.queues, 1.0, since)) == []
    world.queues["face-undo"].close()
    for now in (2.0, 3.0):
        assert list(stall_causes.of_queues(world.queues, now, since)) == [Stall("queue face-undo", 2.0)]
    others = {name: queue for name, queue in world.queues.items() if name != "face-undo"}
    assert list(stall_causes.of_queues({**others, "face-undo": others["face-tagged"]}, 4.0, since)) == []
    assert since == {}


def test_what_is_tried_and_what_was_given_up_are_told_apart_in_one_place(world: World) -> None:
    name = "face-undo"
    for key, given_up in (("F", False), ("G", True)):
        world.queues[name].put(f"m-{key}", key, {})
        delivery = world.queues[name].get(0)
        assert delivery is not None
        if given_up:
            delivery.bury("a scope is missing", given_up=True)
        else:
            delivery.retry_after(60, "Slack is away")
    found = list(stall_causes.of_queues(world.queues, 1.0, {}))
    assert [(each.place, each.is_tried) for each in found] == [
        (f"messages {name}", each) for each in (True, False)
    ]
