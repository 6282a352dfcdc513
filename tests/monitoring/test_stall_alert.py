"""The channel hears once that tagging is held up, and once that it goes on."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tagbot.database.models.base import database
from tagbot.database.models.bookkeeping import StallAlert
from tagbot.errors import Reject, Retry
from tagbot.messages import FaceStored, FaceTagged, PhotosAsked
from tagbot.monitoring.stall_alert import (
    GOES_ON,
    HELD_UP,
    SAID_SECONDS,
    STALLED_SECONDS,
    Memory,
    send_stall_alert,
)
from tagbot.queues.disk import disk_queues
from tagbot.slack import words
from tagbot.slack.api_failures import OutcomeUnknown
from tagbot.slack.socket_mode.connection_state import ConnectionTracker
from tagbot.training.usage import Ledger
from tagbot.vocabulary import EventType
from tests.world import World, heard

QUEUE = FaceStored.QUEUE


def announced(world: World) -> list[str]:
    """What the channel was told that is no request."""
    return [
        message.text
        for message in world.slack.messages()
        if message.metadata is None or message.metadata["event_type"] != EventType.REQUEST
    ]


def connected_link(world: World) -> ConnectionTracker:
    link = ConnectionTracker(world.clock.now)
    link.opened()
    return link


def watch(world: World, memory: Memory | None = None, link: ConnectionTracker | None = None) -> None:
    """One look: of a bot that has just been restarted, where there is no `memory`."""
    send_stall_alert(memory or Memory(), replace(world.services, link=link or connected_link(world)))


def fail_once(world: World, queue: str = QUEUE, *, dead: bool = False) -> None:
    """Take the oldest message, and have it fail."""
    delivery = world.queues[queue].get(0)
    assert delivery is not None
    if dead:
        delivery.bury("the scope chat:write is missing", given_up=True)
    else:
        delivery.retry_after(5, "Rekognition is busy")


def pass_ten_minutes(world: World) -> None:
    world.offset += STALLED_SECONDS + 1


def ten_minutes_later(world: World, memory: Memory | None = None) -> list[str]:
    """What the channel has been told after another look."""
    pass_ten_minutes(world)
    watch(world, memory)
    return announced(world)


def a_failing_message(world: World, *, dead: bool = False) -> None:
    world.publish(FaceStored(face_id="F"))
    fail_once(world, dead=dead)


def held_up(world: World, *, dead: bool = False, memory: Memory | None = None) -> None:
    """Since ten minutes, and the channel knows."""
    a_failing_message(world, dead=dead)
    ten_minutes_later(world, memory)


def end_well(world: World, queue: str = QUEUE) -> None:
    """Slack, or whatever it was, works again: nothing waits any more."""
    world.queues[queue].redrive()
    world.offset += 10
    assert world.messages(queue)


@pytest.mark.rule("held-up-told-once")
@pytest.mark.failure("readme-held-up", "held-up")
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
    assert StallAlert.select().count() == 0


@pytest.mark.rule("held-up-told-once", "digest")
def test_a_digest_in_between_hides_neither_word(world: World) -> None:
    world.offset = -STALLED_SECONDS  # so that the bot's clock is Slack's when it posts
    a_failing_message(world)
    pass_ten_minutes(world)
    world.slack.fail("chat.postMessage", reset=True, effect=True)
    with pytest.raises(OutcomeUnknown):
        watch(world)
    world.services.slack.channel.announce("What waits", "digest 2026-11-30")
    watch(world)
    assert announced(world) == [words.HELD_UP, "What waits"]
    end_well(world)
    watch(world)
    assert announced(world) == [words.HELD_UP, "What waits", words.GOES_ON]


@pytest.mark.rule("no-hold-up")
@pytest.mark.parametrize("dead", [False, True], ids=["keeps failing", "was given up"])
def test_photos_that_somebody_asked_for_hold_up_no_tagging(world: World, dead: bool) -> None:
    world.publish(PhotosAsked(person="U1"))
    fail_once(world, PhotosAsked.QUEUE, dead=dead)
    assert ten_minutes_later(world) == []


def test_each_hold_up_is_told(world: World) -> None:
    for _ in range(2):
        held_up(world)
        end_well(world)
        watch(world)
    assert announced(world) == [words.HELD_UP, words.GOES_ON] * 2


def test_a_failure_that_is_over_within_ten_minutes_is_not_worth_a_word(world: World) -> None:
    a_failing_message(world)
    watch(world)
    end_well(world)
    assert ten_minutes_later(world) == []


@pytest.mark.parametrize("where", ["ready", "in hand", "failing again"])
def test_what_is_only_tried_again_does_not_go_on_yet(world: World, where: str) -> None:
    held_up(world, dead=True)
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
    assert StallAlert.select().count() == 0


@pytest.mark.parametrize("what", [HELD_UP, GOES_ON])
def test_a_crash_after_the_post_and_before_its_note_posts_nothing_twice(world: World, what: str) -> None:
    world.offset = -STALLED_SECONDS  # as above
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
    memory = Memory()
    with disk_queues(damaged.parent, [QUEUE], world.services.now) as queues:
        world = replace(world, services=replace(world.services, queues=queues))
        watch(world, memory)
        assert announced(world) == []
        assert ten_minutes_later(world, memory) == [words.HELD_UP]
        damaged.unlink()
        assert queues[QUEUE].get(0) is None
        watch(world, memory)
    assert announced(world) == [words.HELD_UP, words.GOES_ON]


def test_while_a_queue_cannot_be_asked_nobody_says_that_it_goes_on(world: World) -> None:
    held_up(world)
    end_well(world)
    world.queues["face-undo"].close()
    watch(world)
    assert announced(world) == [words.HELD_UP]


def test_what_the_channel_is_told_is_no_request_and_takes_no_place(world: World) -> None:
    held_up(world)
    [message] = world.slack.messages()
    assert message.metadata == {
        "event_type": "facetag_announcement",
        "event_payload": {"name": f"{HELD_UP} {StallAlert.get().noticed_at:.3f}"},
    }
    assert not message.blocks


# --- What counts is a failure that lasts -------------------------------------------------------------------


@pytest.mark.rule("held-up-told-once")
def test_what_waited_long_and_then_fails_once_is_no_hold_up(world: World) -> None:
    world.publish(FaceStored(face_id="F"))
    world.offset += 8 * 3600  # the bot was stopped
    fail_once(world)
    watch(world)
    end_well(world)
    watch(world)
    assert announced(world) == []


@pytest.mark.rule("no-hold-up")
@pytest.mark.parametrize("why", [Reject("the person is not in the database"), ZeroDivisionError()])
def test_a_dead_letter_that_never_can_work_is_no_hold_up_and_hides_none(world: World, why: Exception) -> None:
    world.publish(FaceStored(face_id="F"))
    fail_once(world)
    world.offset += 10
    [worker] = [each for each in world.workers if each.stage.reads is FaceStored]

    def fail(*_: object) -> Iterator[FaceStored]:
        raise why

    assert replace(worker, stage=replace(worker.stage, run=fail)).work_once(0)
    assert ten_minutes_later(world) == []
    world.publish(FaceStored(face_id="G"))
    fail_once(world)
    assert ten_minutes_later(world) == [words.HELD_UP]
    world.offset += 10
    assert world.messages(QUEUE)
    watch(world)
    assert announced(world) == [words.HELD_UP, words.GOES_ON]


@pytest.mark.rule("no-hold-up")
def test_what_a_worker_gives_up_holds_tagging_up_until_it_is_tried_again(world: World) -> None:
    def fail(*_: object) -> Iterator[FaceStored]:
        raise Retry("the scope chat:write is missing")

    [worker] = [each for each in world.workers if each.stage.reads is FaceStored]
    failing = replace(worker, stage=replace(worker.stage, run=fail))
    world.publish(FaceStored(face_id="F"))
    while world.queues[QUEUE].counts().dead == 0:
        world.offset += 1
        failing.work_once(0)
    for _ in range(2):
        ten_minutes_later(world)
    assert announced(world) == [words.HELD_UP]
    end_well(world)
    watch(world)
    assert announced(world) == [words.HELD_UP, words.GOES_ON]


@pytest.mark.rule("no-hold-up")
def test_what_begins_to_fail_later_is_told_though_something_was_given_up_before(world: World) -> None:
    held_up(world, dead=True)
    world.offset += 3600
    world.publish(FaceStored(face_id="G"))
    fail_once(world)
    watch(world)
    assert announced(world) == [words.HELD_UP], "not yet"
    for _ in range(3):
        ten_minutes_later(world)
    assert announced(world) == [words.HELD_UP] * 2


@pytest.mark.rule("no-hold-up")
def test_two_that_fail_at_different_places_are_both_told(world: World) -> None:
    held_up(world)
    world.publish(FaceTagged(face_id="G", cause="c"))
    fail_once(world, FaceTagged.QUEUE)
    for _ in range(3):
        ten_minutes_later(world)
    assert announced(world) == [words.HELD_UP] * 2
    end_well(world, FaceTagged.QUEUE)
    watch(world)
    assert announced(world) == [words.HELD_UP] * 2, "the other one still fails"
    end_well(world)
    watch(world)
    assert announced(world) == [words.HELD_UP, words.HELD_UP, words.GOES_ON]


@pytest.mark.rule("no-hold-up")
def test_what_fails_at_several_places_at_once_is_told_once(world: World) -> None:
    a_failing_message(world)
    world.offset += STALLED_SECONDS / 2
    world.publish(FaceTagged(face_id="G", cause="c"))
    fail_once(world, FaceTagged.QUEUE)
    world.offset += STALLED_SECONDS / 2 + 1
    watch(world)
    assert announced(world) == [words.HELD_UP]
    for _ in range(3):
        ten_minutes_later(world)
    assert announced(world) == [words.HELD_UP]


def test_while_one_message_after_another_fails_it_is_one_hold_up(world: World) -> None:
    held_up(world)
    for number in range(3):
        world.offset += STALLED_SECONDS / 2
        world.publish(FaceStored(face_id=f"G{number}"))
        earlier = world.queues[QUEUE].get(0)
        assert earlier is not None
        fail_once(world)
        watch(world)
        earlier.ack()
        world.offset += STALLED_SECONDS
        watch(world)
    assert announced(world) == [words.HELD_UP]


@pytest.mark.rule("held-up-told-once")
def test_what_is_in_hand_for_another_attempt_has_not_been_over(world: World) -> None:
    held_up(world)
    delivery = world.queues[QUEUE].get(0)
    assert delivery is not None
    world.offset += 120
    watch(world)
    delivery.retry_after(5, "Rekognition is busy")
    watch(world)
    assert announced(world) == [words.HELD_UP]


# --- Wherever it fails -------------------------------------------------------------------------------------


@pytest.mark.rule("all-kinds-of-hold-up")
def test_a_queue_that_gives_out_no_message_holds_tagging_up(world: World) -> None:
    face = world.face()
    world.publish(FaceStored(face_id=face.id))
    [worker] = [each for each in world.workers if each.stage.reads is FaceStored]
    stop = threading.Event()
    working = threading.Thread(target=worker.run, args=(stop,))
    with closing(sqlite3.connect(world.settings.data_dir / "queues" / f"{QUEUE}.db")) as other:
        other.execute("BEGIN IMMEDIATE")  # another program holds it: it can still be read
        with heard("RequestTaggingOnSlack cannot take messages") as told:
            working.start()
            assert told.wait(10)
        watch(world)
        assert announced(world) == []
        ten_minutes_later(world)
        assert announced(world) == [words.HELD_UP]
    world.slack.wait_for_message(lambda message: bool(message.blocks))
    stop.set()
    working.join()
    watch(world)
    assert announced(world) == [words.HELD_UP, words.GOES_ON]


@pytest.mark.rule("all-kinds-of-hold-up")
def test_while_slack_does_not_reach_the_bot_the_channel_hears_of_it(world: World) -> None:
    link = connected_link(world)
    link.closed("Socket Mode is switched off in the settings of the Slack app")
    watch(world, link=link)
    assert announced(world) == []
    pass_ten_minutes(world)
    for _ in range(2):
        watch(world, link=link)
    assert announced(world) == [words.HELD_UP]
    link.opened()
    watch(world, link=link)
    assert announced(world) == [words.HELD_UP, words.GOES_ON]


@pytest.mark.rule("all-kinds-of-hold-up")
def test_photos_that_wait_in_the_inbox_for_the_training_backend_are_held_up(world: World) -> None:
    ledger = Ledger(world.services.now)
    ledger.photos_wait("AWS denies rekognition:DetectFaces")
    watch(world)
    assert announced(world) == []
    ten_minutes_later(world)
    ledger.photos_go_on()
    watch(world)
    assert announced(world) == [words.HELD_UP, words.GOES_ON]


# --- While the database is away ----------------------------------------------------------------------------


@contextmanager
def locked_database(world: World) -> Iterator[None]:
    """Another program writes there, and does not end."""
    file = world.settings.database_url.removeprefix("sqlite:///")
    database.execute_sql("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
    database.execute_sql("PRAGMA busy_timeout = 10000")


@pytest.mark.rule("held-up-without-database")
def test_what_the_database_does_not_take_is_told_all_the_same_and_once(world: World) -> None:
    memory = Memory()
    a_failing_message(world)
    pass_ten_minutes(world)
    with locked_database(world):
        for _ in range(3):
            watch(world, memory)
        assert announced(world) == [words.HELD_UP]
    watch(world, memory)
    assert StallAlert.get().told, "so that a restart does not repeat it"
    end_well(world)
    watch(world)
    watch(world, memory)
    assert announced(world) == [words.HELD_UP, words.GOES_ON], "another bot has said it"
    assert StallAlert.select().count() == 0


def test_that_it_goes_on_is_told_once_also_where_the_database_does_not_take_it(world: World) -> None:
    memory = Memory()
    world.offset = -STALLED_SECONDS  # so that the bot's clock is Slack's when it posts
    held_up(world, memory=memory)
    end_well(world)
    with locked_database(world):
        for _ in range(2):
            watch(world, memory)
    for each in (memory, Memory()):
        watch(world, each)
    assert announced(world) == [words.HELD_UP, words.GOES_ON]


@contextmanager
def database_away() -> Iterator[None]:
    """This thread has no connection."""
    database.close()
    yield
    database.connect()


def test_while_the_database_is_away_nobody_says_that_it_goes_on(world: World) -> None:
    memory = Memory()
    held_up(world, memory=memory)
    end_well(world)
    with database_away():
        watch(world, memory)
        assert announced(world) == [words.HELD_UP]
    watch(world, memory)
    assert announced(world) == [words.HELD_UP, words.GOES_ON]


@pytest.mark.rule("held-up-without-database")
def test_that_the_database_is_away_is_told_by_one_of_several_bots_and_not_again_after_a_restart(
    world: World,
) -> None:
    one, other = Memory(), Memory()
    world.offset = -STALLED_SECONDS  # so that the bots' clock is Slack's when they post
    with database_away():
        for each in (one, other):
            watch(world, each)
        assert announced(world) == []
        pass_ten_minutes(world)
        for each in (one, other, one, other):
            watch(world, each)
        restarted = Memory(unusable_since=dict(one.unusable_since))
        watch(world, restarted)
        assert announced(world) == [words.HELD_UP]
    for each in (one, other, restarted, one, other):
        watch(world, each)
    assert announced(world) == [words.HELD_UP, words.GOES_ON]
    assert StallAlert.select().count() == 0


def test_what_the_channel_heard_long_ago_does_not_keep_it_from_hearing_that_the_database_is_away(
    world: World,
) -> None:
    memory = Memory()
    a_failing_message(world, dead=True)
    world.offset = STALLED_SECONDS + 1
    watch(world, memory)
    world.offset = SAID_SECONDS
    with database_away():
        watch(world, memory)
        assert announced(world) == [words.HELD_UP]
        pass_ten_minutes(world)
        watch(world, memory)
    assert announced(world) == [words.HELD_UP] * 2
