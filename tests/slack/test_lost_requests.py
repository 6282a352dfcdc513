"""Requests that nobody can answer any more: they give their place back, and their faces are asked again."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tagbot import schedule
from tagbot.database.models.faces import Face
from tagbot.database.models.places import count_open_requests
from tagbot.database.models.requests import Request, stale_in_slack
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected
from tagbot.database.write_lock import writing
from tagbot.errors import Retry
from tagbot.lib import failpoints
from tagbot.messages import FaceReopened, FaceStored
from tagbot.sandbox.driver import Slack
from tagbot.sandbox.state import Message
from tagbot.schedule import timed_jobs
from tagbot.schedule.timed_jobs import ask_lost_again
from tagbot.slack import words
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import State
from tests.dying import Died
from tests.stages.scenes import controls, fresh
from tests.world import World, a_world, request_of, ts_of

JOB = "AskLostAgain"

NEW = "C0NEW00001"
"""The channel that tags from now on."""


def look(world: World) -> None:
    """What the timed job does some seconds after the last post, and what follows from it."""
    world.offset += SETTLE_SECONDS + 1
    ask_lost_again(world.services)
    world.drain()


def asking(slack: Slack, channel: str | None = None) -> list[Message]:
    """The requests in a channel that have controls, oldest first."""
    return [message for message in slack.messages(channel) if controls(message)]


@pytest.fixture(name="new_channel")
def _new_channel(stand_in: Slack) -> str:
    members = [*stand_in.people[:3], stand_in.bot_user]
    stand_in.set_channel(NEW, name="new-faces", members=members)
    return NEW


@contextmanager
def moved(folder: Path, slack: Slack, recogniser: LocalBackend, **variables: str) -> Iterator[World]:
    """The bot, started again with another channel."""
    with a_world(folder, slack, recogniser, SLACK_CHANNEL=NEW, **variables) as world:
        yield world


def forget_channels() -> None:
    """As the version before left the rows."""
    with writing():
        Request.update(channel=None).execute()


# --- Deleted -----------------------------------------------------------------------------------------------


@pytest.mark.rule("lost-request-asked-again")
@pytest.mark.failure("request-deleted")
@pytest.mark.failure("readme-request-lost")
@pytest.mark.parametrize("known", [True, False], ids=["", "of the version before"])
def test_a_deleted_request_is_asked_again_without_its_answers(world: World, known: bool) -> None:
    face, kept = world.face(posted=True), world.face(posted=True)
    people = world.slack.people
    world.publish(world.answer(face, people[0], people[2]))
    world.drain()
    if not known:
        forget_channels()
    world.slack.delete(ts_of(face))
    look(world)
    assert (fresh(face).state, fresh(face).round, Vote.of(face.id)) == (State.OPEN, 2, [])
    assert (fresh(kept).round, request_of(fresh(kept)).channel) == (1, world.slack.channel)
    assert {message.ts for message in asking(world.slack)} == {
        ts_of(kept),
        ts_of(fresh(face)),
    }
    assert stale_in_slack() == []
    look(world)
    assert len(world.slack.messages()) == 2


@pytest.mark.rule("lost-request-asked-again")
def test_its_place_is_another_faces_until_it_is_its_turn(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend
) -> None:
    with a_world(tmp_path, stand_in, recogniser, MAX_OPEN_REQUESTS="1") as world:
        face, older = world.face(posted=True), world.face(stored_at=1.0)
        Face.note(older.id, pending=None)
        world.slack.delete(ts_of(face))
        look(world)
        assert [fresh(each).state for each in (face, older)] == [State.WAITING, State.OPEN]
        assert count_open_requests() == 1


@pytest.mark.rule("lost-request-asked-again")
def test_a_deleted_request_with_a_thread_is_no_longer_there_though_something_stands_in_its_place(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend
) -> None:
    with a_world(tmp_path, stand_in, recogniser, SLACK_PICTURES="shared") as world:
        face = world.face(posted=True)
        stand_in.delete(ts_of(face))
        assert [message.text for message in stand_in.messages()] == ["This message was deleted."]
        look(world)
        assert (fresh(face).state, fresh(face).round) == (State.OPEN, 2)
        assert len(asking(stand_in)) == 1
        assert stale_in_slack() == []


@pytest.mark.rule("lost-request-asked-again")
def test_what_people_have_finished_goes_on_without_its_message(world: World) -> None:
    face, people = world.face(posted=True), world.slack.people
    with writing():
        for tagger in people[:2]:
            Vote.put(face_id=face.id, tagger=tagger, answer=people[2], round=1, at=1.0)
    world.slack.delete(ts_of(face))
    look(world)
    assert (fresh(face).state, fresh(face).round) == (State.OPEN, 1)


@pytest.mark.failure("closed-request-deleted")
def test_a_closed_face_whose_message_was_deleted_keeps_its_state(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    face, people = world.face(posted=True), world.slack.people
    for tagger in people[:2]:
        world.publish(world.answer(face, tagger, people[2]))
    world.drain()
    world.slack.delete(ts_of(face))
    look(world)
    with writing():
        Face.changed(Face.id == face.id)
    world.show()
    assert (fresh(face).state, fresh(face).round) == (State.TAGGED, 1)
    assert f"about face={face.id} is gone from the channel" in caplog.text


def test_a_request_that_was_posted_this_moment_is_not_looked_for(world: World) -> None:
    face = world.face(posted=True)
    world.slack.delete(ts_of(face))
    ask_lost_again(world.services)
    assert fresh(face).round == 1


@pytest.mark.failure("channel-closed", shows="what happens")
@pytest.mark.parametrize("error", ["not_in_channel", "channel_not_found", "ratelimited"])
def test_while_slack_does_not_show_the_channel_nothing_is_taken_for_deleted(world: World, error: str) -> None:
    face = world.face(posted=True)
    world.slack.fail("conversations.history", error=error)
    with pytest.raises(Retry, match=error):
        look(world)
    look(world)
    assert (fresh(face).state, fresh(face).round) == (State.OPEN, 1)


@pytest.mark.failure("channel-closed", shows="who is told")
def test_of_a_channel_that_the_bot_is_not_in_the_operator_hears_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.face(posted=True)
    world.slack.set_channel(members=world.slack.people)
    world.offset += SETTLE_SECONDS + 1
    [job] = [replace(job, seconds=0.05) for job in schedule.jobs() if job.name == JOB]
    scheduler = schedule.start(world.services, [job])
    try:
        world.slack.wait_for(lambda: len(world.slack.calls("conversations.history")) > 2)
    finally:
        scheduler.shutdown()
    told = [record.getMessage() for record in caplog.records if JOB in record.getMessage()]
    reason = "conversations.history: not_in_channel"
    assert told == [f"the timed job {JOB} cannot do its work: {reason}"]
    assert [failure.reason for failure in world.services.slack.health.failing()] == [reason]


@pytest.mark.failure("channel-closed", shows="what happens")
def test_when_the_bot_is_taken_out_and_brought_back_all_goes_on(world: World) -> None:
    face, people = world.face(posted=True), world.slack.people
    world.slack.delete(ts_of(face))
    world.slack.set_channel(members=people)
    with pytest.raises(Retry, match="not_in_channel"):
        look(world)
    world.slack.set_channel(members=[*people, world.slack.bot_user])
    look(world)
    assert (fresh(face).state, fresh(face).round) == (State.OPEN, 2)


# --- In another channel ------------------------------------------------------------------------------------


@pytest.mark.rule("moved-request-asked-again")
@pytest.mark.failure("channel-changed")
@pytest.mark.failure("readme-request-lost", shows="what happens")
def test_requests_of_another_channel_are_asked_again_in_the_one_that_tags(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, new_channel: str
) -> None:
    with a_world(tmp_path, stand_in, recogniser, MAX_OPEN_REQUESTS="2") as world:
        faces = [world.face(posted=True) for _ in range(2)]
    with moved(tmp_path, stand_in, recogniser, MAX_OPEN_REQUESTS="2") as world:
        look(world)
        assert [(fresh(face).round, request_of(fresh(face)).channel) for face in faces] == [
            (2, new_channel)
        ] * 2
        assert {message.ts for message in asking(stand_in, new_channel)} == {
            ts_of(fresh(face)) for face in faces
        }
        assert asking(stand_in) == []
        for message in stand_in.messages():
            assert "asked again in a new message, in another channel" in message.text
        assert stale_in_slack() == []


@pytest.mark.rule("moved-request-asked-again")
@pytest.mark.failure("channel-changed", shows="what happens")
@pytest.mark.parametrize("how", ["archived", "left", "private"])
def test_an_old_channel_that_slack_does_not_let_us_write_to_holds_no_place(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, new_channel: str, how: str
) -> None:
    with a_world(tmp_path, stand_in, recogniser) as world:
        face = world.face(posted=True)
    if how == "archived":
        stand_in.set_channel(is_archived=True)
        stand_in.fail("chat.update", error="is_archived")
    else:
        stand_in.set_channel(members=stand_in.people, is_private=how == "private")
    with moved(tmp_path, stand_in, recogniser) as world:
        look(world)
        assert (fresh(face).state, fresh(face).round) == (State.OPEN, 2)
        assert len(asking(stand_in, new_channel)) == 1
        assert count_open_requests() == 1
        assert stale_in_slack() == []


@pytest.mark.rule("moved-request-asked-again")
def test_shared_pictures_are_shared_anew_in_the_new_channel(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, new_channel: str
) -> None:
    with a_world(tmp_path, stand_in, recogniser, SLACK_PICTURES="shared") as world:
        face = world.face(posted=True)
    with moved(tmp_path, stand_in, recogniser, SLACK_PICTURES="shared") as world:
        look(world)
        [message] = asking(stand_in, new_channel)
        [reply] = stand_in.replies(message.ts, new_channel)
        assert reply.files == [fresh(face).crop_file, fresh(face).context_file]


@pytest.mark.rule("moved-request-asked-again")
def test_a_tagged_face_stays_tagged_and_its_message_is_kept_up_to_date_where_it_is(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, new_channel: str
) -> None:
    people = stand_in.people
    with a_world(tmp_path, stand_in, recogniser) as world:
        face = world.face(posted=True)
        for tagger in people[:2]:
            world.publish(world.answer(face, tagger, people[2]))
        world.drain()
    with moved(tmp_path, stand_in, recogniser) as world:
        look(world)
        assert (fresh(face).state, fresh(face).round) == (State.TAGGED, 1)
        world.publish(FaceReopened(face_id=face.id, round=1, by=people[0], channel=stand_in.channel))
        world.drain()
        assert words.reopened(people[0]) in stand_in.message(ts_of(face)).text
        assert len(asking(stand_in, new_channel)) == 1
        assert asking(stand_in) == []


@pytest.mark.rule("moved-request-asked-again")
def test_a_post_of_unknown_outcome_is_looked_for_where_it_was_made(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, new_channel: str
) -> None:
    with a_world(tmp_path, stand_in, recogniser) as world:
        face = world.face(posted=True)
        # As if the bot had been killed before it could note the answer.
        with writing():
            Face.update(state=State.WAITING).execute()
            Request.update(message_ts=None, posted_at=None, posting_since=world.services.now()).execute()
    with moved(tmp_path, stand_in, recogniser) as world:
        world.offset += SETTLE_SECONDS + 1
        world.publish(FaceStored(face_id=face.id))
        world.drain()
        assert (ts_of(fresh(face)), request_of(fresh(face)).channel) == (
            ts_of(face),
            stand_in.channel,
        )
        look(world)
        assert (fresh(face).round, request_of(fresh(face)).channel) == (2, new_channel)
        assert asking(stand_in) == []
        assert len(asking(stand_in, new_channel)) == 1


@pytest.mark.rule("moved-request-asked-again", "clicks-where-asked")
def test_where_the_version_before_did_not_note_the_channel_a_click_tells_it(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, new_channel: str
) -> None:
    with a_world(tmp_path, stand_in, recogniser) as world:
        face = world.face(posted=True)
        forget_channels()
    with moved(tmp_path, stand_in, recogniser) as world:
        look(world)
        assert (fresh(face).round, request_of(fresh(face)).channel) == (2, new_channel)
        assert len(asking(stand_in)) == 1, "nobody knows where it is"
        world.publish(world.answer(face, stand_in.people[0], "dont_know", channel=stand_in.channel))
        world.drain()
        assert asking(stand_in) == []
        assert Vote.of(face.id) == []


# --- Clicks ------------------------------------------------------------------------------------------------


@pytest.mark.rule("clicks-where-asked")
@pytest.mark.parametrize("where", [{"channel": "C0OLD00001"}, {"message_ts": "1700000000.000001"}], ids=str)
def test_an_answer_clicked_elsewhere_does_not_count(world: World, where: dict[str, str]) -> None:
    face, anna = world.face(posted=True), world.slack.people[0]
    given = {"channel": world.slack.channel, **where}
    world.publish(world.answer(face, anna, "dont_know", **given))
    world.drain()
    assert Vote.of(face.id) == []
    told = world.told(anna)
    # In another channel, the handler tells it: the bot may not be there any more.
    assert told == ([] if "channel" in where else [words.ASKED_ELSEWHERE])
    world.publish(world.answer(face, anna, "dont_know", channel=world.slack.channel))
    world.drain()
    assert len(Vote.of(face.id)) == 1


# --- Once --------------------------------------------------------------------------------------------------


@pytest.mark.rule("lost-request-asked-again", "crash-anywhere")
@pytest.mark.failure("request-deleted", shows="what happens")
def test_a_death_at_any_step_of_it_asks_once(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend
) -> None:
    with a_world(tmp_path, stand_in, recogniser) as world:
        faces = [world.face(posted=True) for _ in range(2)]
        for face in faces:
            stand_in.delete(ts_of(face))
    deaths = 0
    while dies_after(deaths, tmp_path, stand_in, recogniser):
        deaths += 1
    assert deaths >= 4, "before and after the look, and after each commit"
    with a_world(tmp_path, stand_in, recogniser) as world:
        timed_jobs.mend(world.services)
        look(world)
        assert [(fresh(face).state, fresh(face).round) for face in faces] == [(State.OPEN, 2)] * 2
        assert len(stand_in.messages()) == 2


def dies_after(points: int, folder: Path, slack: Slack, recogniser: LocalBackend) -> bool:
    """Let the job come to so many points, and die at the next one; whether there was one."""
    left = [points]

    def die(stage: str, _: str) -> None:
        left[0] -= stage == JOB
        if left[0] < 0 and stage == JOB:
            raise Died

    with a_world(folder, slack, recogniser) as world:
        world.offset += SETTLE_SECONDS + 1
        with failpoints.listening(die), failpoints.working_on(JOB):
            try:
                ask_lost_again(world.services)
            except Died:
                return True
    return False


@pytest.mark.rule("lost-request-asked-again")
def test_several_that_look_at_once_ask_once(world: World) -> None:
    face = world.face(posted=True)
    world.slack.delete(ts_of(face))
    world.offset += SETTLE_SECONDS + 1
    barrier = threading.Barrier(4)

    def job() -> None:
        with connected():
            barrier.wait()
            ask_lost_again(world.services)

    threads = [threading.Thread(target=job) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.drain()
    assert fresh(face).round == 2
    assert len(world.slack.messages()) == 1
