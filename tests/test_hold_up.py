"""The channel hears once that tagging is held up, and once that it goes on."""

from pathlib import Path

import pytest

from tagbot import words
from tagbot.hold_up import GOES_ON, HELD_UP, HELD_UP_SECONDS, tell_of_hold_up
from tagbot.messages import FaceStored
from tagbot.models import HoldUp, Notice
from tagbot.queues.disk import disk_queues
from tagbot.slack.client import EVENT_TYPE, OutcomeUnknown
from tests.world import World

QUEUE = FaceStored.QUEUE


def announced(world: World) -> list[str]:
    """What the channel was told that is no request."""
    return [
        message.text
        for message in world.slack.messages()
        if message.metadata is None or message.metadata["event_type"] != EVENT_TYPE
    ]


def watch(world: World) -> None:
    tell_of_hold_up(world.services, world.queues)


def fail_once(world: World, *, dead: bool = False) -> None:
    """Take the oldest message, and have it fail."""
    delivery = world.queues[QUEUE].get(0)
    assert delivery is not None
    if dead:
        delivery.bury("the scope chat:write is missing")
    else:
        delivery.retry_after(5, "Rekognition is busy")


def pass_ten_minutes(world: World) -> None:
    world.offset += HELD_UP_SECONDS + 1


def a_failing_message(world: World, *, dead: bool = False) -> None:
    world.publish(FaceStored(face_id="F"))
    fail_once(world, dead=dead)


def end_well(world: World) -> None:
    """Slack, or whatever it was, works again: nothing waits any more."""
    world.queues[QUEUE].redrive()
    world.offset += 10
    assert world.messages(QUEUE)


@pytest.mark.parametrize("dead", [False, True], ids=["keeps failing", "was given up"])
def test_the_channel_hears_once_that_tagging_is_held_up_and_once_that_it_goes_on(
    world: World, dead: bool
) -> None:
    a_failing_message(world, dead=dead)
    for _ in range(2):
        watch(world)
    assert announced(world) == []
    pass_ten_minutes(world)
    for _ in range(3):
        watch(world)
    assert announced(world) == [words.HELD_UP]
    end_well(world)
    for _ in range(3):
        watch(world)
    assert announced(world) == [words.HELD_UP, words.GOES_ON]
    assert HoldUp.select().count() == 0


def test_each_hold_up_is_told(world: World) -> None:
    for _ in range(2):
        a_failing_message(world)
        pass_ten_minutes(world)
        watch(world)
        end_well(world)
        watch(world)
    assert announced(world) == [words.HELD_UP, words.GOES_ON] * 2


def test_a_failure_that_is_over_within_ten_minutes_is_not_worth_a_word(world: World) -> None:
    a_failing_message(world)
    watch(world)
    end_well(world)
    pass_ten_minutes(world)
    watch(world)
    assert announced(world) == []


def test_what_only_waits_its_turn_is_no_hold_up(world: World) -> None:
    world.publish(FaceStored(face_id="F"))
    pass_ten_minutes(world)
    watch(world)
    assert announced(world) == []


@pytest.mark.parametrize("where", ["ready", "in hand", "failing again"])
def test_what_is_only_tried_again_does_not_go_on_yet(world: World, where: str) -> None:
    a_failing_message(world, dead=True)
    pass_ten_minutes(world)
    watch(world)
    world.queues[QUEUE].redrive()
    if where == "in hand":
        assert world.queues[QUEUE].get(0) is not None
    if where == "failing again":
        fail_once(world)
    watch(world)
    assert announced(world) == [words.HELD_UP]


def test_while_slack_is_away_nothing_is_told_and_once_it_is_back_what_is_still_true(world: World) -> None:
    world.slack.fail("chat.postMessage", times=2, status=503)
    a_failing_message(world)
    pass_ten_minutes(world)
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            watch(world)
    watch(world)
    assert announced(world) == [words.HELD_UP]
    end_well(world)
    watch(world)
    assert announced(world) == [words.HELD_UP, words.GOES_ON]


def test_what_was_over_before_slack_was_back_is_not_told(world: World) -> None:
    world.slack.fail("chat.postMessage", times=None, status=503)
    a_failing_message(world)
    pass_ten_minutes(world)
    with pytest.raises(OutcomeUnknown):
        watch(world)
    world.slack.heal()
    end_well(world)
    watch(world)
    assert announced(world) == []
    assert HoldUp.select().count() == 0


@pytest.mark.parametrize("what", [HELD_UP, GOES_ON])
def test_a_crash_after_the_post_and_before_its_note_posts_nothing_twice(world: World, what: str) -> None:
    world.offset = -HELD_UP_SECONDS  # so that the bot's clock is Slack's when it posts
    a_failing_message(world)
    pass_ten_minutes(world)
    if what == GOES_ON:
        watch(world)
        end_well(world)
    world.slack.fail("chat.postMessage", effect=True, reset=True)  # posted, but we never hear of it
    with pytest.raises(OutcomeUnknown):
        watch(world)
    watch(world)
    assert announced(world) == [words.HELD_UP, words.GOES_ON][: 1 if what == HELD_UP else 2]


def test_a_queue_that_cannot_be_used_holds_tagging_up_until_it_can(world: World, tmp_path: Path) -> None:
    damaged = tmp_path / "other" / f"{QUEUE}.db"
    damaged.parent.mkdir()
    damaged.write_bytes(b"no database at all" * 100)
    with disk_queues(damaged.parent, [QUEUE], world.services.now) as queues:
        tell_of_hold_up(world.services, queues)
        assert announced(world) == []
        assert f"{QUEUE}.db cannot be used" in Notice.get().text
        pass_ten_minutes(world)
        tell_of_hold_up(world.services, queues)
        assert announced(world) == [words.HELD_UP]
        damaged.unlink()
        assert queues[QUEUE].get(0) is None
        tell_of_hold_up(world.services, queues)
    assert announced(world) == [words.HELD_UP, words.GOES_ON]
    assert Notice.select().count() == 0


def test_while_a_queue_cannot_be_asked_nobody_says_that_it_goes_on(world: World) -> None:
    a_failing_message(world)
    pass_ten_minutes(world)
    watch(world)
    end_well(world)
    world.queues["face-undo"].close()
    watch(world)
    assert announced(world) == [words.HELD_UP]


def test_what_the_channel_is_told_is_no_request_and_takes_no_place(world: World) -> None:
    a_failing_message(world)
    pass_ten_minutes(world)
    watch(world)
    [message] = world.slack.messages()
    assert message.metadata == {
        "event_type": "facetag_announcement",
        "event_payload": {"name": f"{HELD_UP} {HoldUp.get().noticed_at:.3f}"},
    }
    assert not message.blocks
