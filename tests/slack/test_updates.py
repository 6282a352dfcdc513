"""Updates: what Slack shows follows the database, in few calls, and nothing is lost on the way."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from slack_sdk import WebClient

from tagbot.database.models.base import database
from tagbot.database.models.faces import Face
from tagbot.database.models.requests import stale_in_slack
from tagbot.database.models.rounds import ask_again
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected
from tagbot.database.write_lock import writing
from tagbot.errors import Reject, Retry
from tagbot.photos.image_keys import crop_key
from tagbot.slack import words
from tagbot.slack.api_failures import PictureNotReady
from tagbot.slack.updates import Updates
from tagbot.slack.uploads import Picture
from tagbot.vocabulary import State
from tests.stages.scenes import fresh, seen, shown
from tests.world import World, request_of, ts_of


def answered(world: World, face: Face, *taggers: str) -> None:
    """Votes that the request does not show yet."""
    for tagger in taggers:
        Vote.put(face_id=face.id, tagger=tagger, answer="dont_know", round=1, at=world.services.now())
        Face.changed(Face.id == face.id)


def updated(world: World) -> list[str]:
    """The messages that were changed, in the order of the calls."""
    return [str(call.args["ts"]) for call in world.slack.calls("chat.update")]


def says(world: World, face: Face, tagger: str) -> bool:
    """Whether the request in Slack says that this person has answered."""
    return words.mention(tagger) in seen(world.slack.message(ts_of(face)))


@contextmanager
def busy(world: World, face: Face) -> Iterator[None]:
    """Slack is slow to take an update of this face, as long as the block lasts, or nearly."""
    world.slack.fail("chat.update", delay=0.4)
    Face.changed(Face.id == face.id)
    world.services.updates.show_soon(request_of(face).id)
    world.slack.wait_for(lambda: updated(world))
    yield


@contextmanager
def another(world: World) -> Iterator[tuple[Updates, threading.Thread]]:
    """Updates as a bot has them that is just starting; the thread that is to run them."""
    stop = threading.Event()
    updates = Updates(world.services.slack, stop, world.settings.rule, world.services.now)
    running = threading.Thread(target=updates.run)
    try:
        yield updates, running
    finally:
        stop.set()
        updates.wake()
        if running.is_alive():
            running.join()


def test_when_show_returns_slack_shows_what_the_database_says(world: World) -> None:
    face, tagger = world.face(posted=True), world.slack.people[0]
    answered(world, face, tagger)
    world.services.updates.show(face.request_id)
    assert says(world, face, tagger)
    assert stale_in_slack() == []


def test_what_is_shown_already_needs_no_call(world: World) -> None:
    face = world.face(posted=True)
    for _ in range(3):
        world.services.updates.show(face.request_id)
    assert updated(world) == []


def test_a_face_without_a_message_and_an_unknown_one_need_no_call(world: World) -> None:
    world.services.updates.show(world.face().request_id)
    world.services.updates.show("0" * 36)
    assert updated(world) == []


@pytest.mark.rule("one-message")
def test_several_changes_of_one_message_are_one_update(world: World) -> None:
    face = world.face(posted=True)
    with another(world) as (updates, running):
        for tagger in world.slack.people:
            answered(world, face, tagger)
            updates.show_soon(request_of(face).id)
        running.start()
        updates.show(face.request_id)
    assert updated(world) == [ts_of(face)]
    assert all(says(world, face, tagger) for tagger in world.slack.people)


def test_a_change_during_an_update_is_shown_by_the_next_one(world: World) -> None:
    face, tagger = world.face(posted=True), world.slack.people[0]
    with busy(world, face):
        answered(world, face, tagger)
        world.services.updates.show(face.request_id)
    assert len(updated(world)) == 2
    assert says(world, face, tagger)


def test_a_change_during_an_update_is_not_taken_for_shown(world: World) -> None:
    face = world.face(posted=True)
    with busy(world, face):
        answered(world, face, world.slack.people[0])
    world.slack.wait_for(lambda: world.slack.calls("chat.update")[0].status)
    assert face.request_id in stale_in_slack()


def test_who_waits_goes_first(world: World) -> None:
    first, second, third = (world.face(posted=True) for _ in range(3))
    with another(world) as (updates, running), ThreadPoolExecutor(1) as pool:
        for face in (first, second, third):
            Face.changed(Face.id == face.id)
        updates.show_soon(request_of(first).id)
        updates.show_soon(request_of(second).id)
        waiting = pool.submit(updates.show, third.request_id)
        wait_until_owed(updates, third)
        running.start()
        waiting.result()
        updates.show(second.request_id)
        updates.show(first.request_id)
    assert updated(world)[0] == ts_of(third)
    assert sorted(updated(world)) == [ts_of(face) for face in (first, second, third)]


def test_all_who_wait_for_one_message_are_told_by_one_update(world: World) -> None:
    face = world.face(posted=True)
    answered(world, face, world.slack.people[0])
    with another(world) as (updates, running), ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(updates.show, face.request_id) for _ in range(8)]
        wait_until_owed(updates, face, 8)
        running.start()
        assert [each.result() for each in waiting] == [None] * 8
    assert updated(world) == [ts_of(face)]


def wait_until_owed(updates: Updates, face: Face, count: int = 1) -> None:
    """Return when so many wait for this face to be shown."""
    with updates._changed:
        assert updates._changed.wait_for(lambda: len(updates._owed.get(str(face.request_id), ())) >= count, 5)


@pytest.mark.failure("update-unanswered", shows="who is told")
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 429, "retry_after": 1}, Retry),
        ({"status": 500}, Retry),
        ({"reset": True}, Retry),
        ({"error": "not_in_channel"}, Retry),
        ({"error": "invalid_blocks"}, Reject),
    ],
    ids=str,
)
def test_who_waits_learns_that_it_failed_and_it_is_caught_up_later(
    world: World, fault: dict[str, object], kind: type[Exception]
) -> None:
    face, tagger = world.face(posted=True), world.slack.people[0]
    answered(world, face, tagger)
    world.slack.fail("chat.update", **fault)
    with pytest.raises(kind):
        world.services.updates.show(face.request_id)
    assert world.services.updates.last_error
    assert not says(world, face, tagger)
    if "status" in fault and fault["status"] == 429:
        return
    assert world.services.updates.catch_up() == 1
    world.slack.wait_for(lambda: says(world, face, tagger))
    world.services.updates.show(face.request_id)
    assert world.services.updates.last_error is None


@pytest.mark.failure("update-unanswered", shows="what happens")
def test_what_nobody_waits_for_is_caught_up_too(world: World) -> None:
    face, tagger = world.face(posted=True), world.slack.people[0]
    answered(world, face, tagger)
    world.slack.fail("chat.update", status=503)
    world.services.updates.show_soon(request_of(face).id)
    world.slack.wait_for(lambda: [call for call in world.slack.calls("chat.update") if call.status])
    world.services.updates.catch_up()
    world.slack.wait_for(lambda: says(world, face, tagger))


def test_one_message_that_fails_does_not_hold_up_the_others(world: World) -> None:
    bad, good = world.face(posted=True), world.face(posted=True)
    answered(world, bad, world.slack.people[0])
    answered(world, good, world.slack.people[0])
    world.slack.fail("chat.update", error="invalid_blocks")
    with pytest.raises(Reject):
        world.services.updates.show(bad.request_id)
    world.services.updates.show(good.request_id)
    assert says(world, good, world.slack.people[0])


def test_a_crash_loses_no_update(world: World) -> None:
    face, tagger = world.face(posted=True), world.slack.people[0]
    answered(world, face, tagger)  # and the bot dies before it tells anybody
    with another(world) as (updates, running):
        running.start()
        assert updates.catch_up() == 1
        world.slack.wait_for(lambda: says(world, face, tagger))


def test_a_crash_loses_no_farewell_of_an_earlier_round(world: World) -> None:
    face = world.face(posted=True)
    assert ask_again(face.id, 1, State.OPEN, by=None)
    with another(world) as (updates, running):
        running.start()
        updates.catch_up()
        world.slack.wait_for(lambda: "operator" in world.slack.message(ts_of(face)).text)
        updates.show(face.request_id)
        assert updates.catch_up() == 0


@pytest.mark.failure("request-deleted")
def test_a_message_that_somebody_deleted_is_left_alone(world: World) -> None:
    face = world.face(posted=True)
    client = WebClient(world.slack.bot_token, base_url=world.slack.api_url)
    client.chat_delete(channel=world.slack.channel, ts=ts_of(face))
    answered(world, face, world.slack.people[0])
    world.services.updates.show(face.request_id)
    assert stale_in_slack() == []
    assert world.slack.messages() == []


def test_a_request_whose_picture_was_deleted_in_slack_goes_on_without_it(world: World) -> None:
    face, tagger = world.face(posted=True), world.slack.people[0]
    client = WebClient(world.slack.bot_token, base_url=world.slack.api_url)
    client.files_delete(file=str(face.crop_file))
    answered(world, face, tagger)
    world.services.updates.show(face.request_id)
    assert says(world, face, tagger)
    assert (fresh(face).crop_file, fresh(face).context_file) == (None, None)
    assert stale_in_slack() == []


def test_a_picture_that_is_not_ready_is_not_taken_for_deleted(world: World) -> None:
    face = world.face(posted=True)
    world.slack.rules(file_ready_seconds=600)
    crop = world.services.images.get(crop_key(face.id))
    (unready,) = world.services.slack.uploads.upload([Picture(crop, "Face", "A face")])
    world.services.slack.uploads.complete({unready: "Face"})
    Face.note(face.id, crop_file=unready)
    Face.changed(Face.id == face.id)
    with pytest.raises(PictureNotReady):
        world.services.updates.show(face.request_id)
    assert fresh(face).crop_file == unready


def test_after_the_end_who_waits_is_told_so(world: World) -> None:
    face = world.face(posted=True)
    answered(world, face, world.slack.people[0])
    stop = threading.Event()
    updates = Updates(world.services.slack, stop, world.settings.rule, world.services.now)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(updates.show, face.request_id)
        wait_until_owed(updates, face)
        stop.set()
        updates.run()
        with pytest.raises(Retry, match="stopping"):
            waiting.result(5)
    assert request_of(fresh(face)).shown_revision < request_of(fresh(face)).revision


@pytest.mark.rule("one-message")
def test_fifty_votes_at_once_end_in_a_message_that_equals_the_database(world: World) -> None:
    face = world.face(posted=True)
    taggers = [f"U0TAGGER{number:02}" for number in range(50)]

    def vote(tagger: str) -> None:
        with connected():
            answered(world, face, tagger)
            world.services.updates.show_soon(request_of(face).id)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(vote, taggers))
    message = shown(world, face)
    assert f"and {50 - words.SHOWN_TAGGERS} more" in message.text
    assert len(updated(world)) < 50, "they fold"


def test_a_database_that_the_disk_refuses_is_no_bug_and_is_caught_up_later(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    face = world.face(posted=True)
    with writing():
        Face.changed(Face.id == face.id)
    database.execute_sql("ALTER TABLE vote RENAME TO elsewhere")
    with pytest.raises(Retry, match="the database cannot be reached"):
        world.services.updates.show(face.request_id)
    database.execute_sql("ALTER TABLE elsewhere RENAME TO vote")
    world.show()
    assert stale_in_slack() == []
    assert "bug" not in caplog.text
