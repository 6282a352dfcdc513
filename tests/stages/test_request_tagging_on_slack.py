"""RequestTaggingOnSlack: a face is asked about in the channel, once, while there is room."""

import time
from dataclasses import replace
from threading import Event

import pytest
from slack_sdk import WebClient

from tagbot.database.models.faces import Face
from tagbot.database.models.places import Places
from tagbot.database.models.requests import Request, stale_in_slack
from tagbot.database.models.rounds import ask_again
from tagbot.errors import Reject, Retry
from tagbot.lib import failpoints
from tagbot.messages import FaceStored
from tagbot.photos.image_keys import crop_key
from tagbot.slack import words
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import OutcomeUnknown
from tagbot.slack.client import Slack
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.stages.request_tagging_on_slack import request_tagging_on_slack
from tagbot.stages.unusable_faces import SHARP_ENOUGH
from tests.dying import Died
from tests.stages.scenes import (
    MakeWorld,
    controls,
    drain_until,
    fresh,
    objects,
    requests,
    say,
    seen,
    shown,
    votes,
)
from tests.world import World, request_of, ts_of


def work(world: World, face: Face) -> None:
    """The stage alone, on the face's message."""
    message = FaceStored(face_id=face.id, round=fresh(face).round)
    assert request_tagging_on_slack(message, world.services) == ()


def posted(world: World) -> list[str]:
    """Ids of the faces that were asked about, in the order of the channel."""
    return [message.metadata["event_payload"]["face_id"] for message in requests(world) if message.metadata]


def pictures_in(world: World, face: Face) -> list[str]:
    """Ids of the files that the face's request shows."""
    return [each["slack_file"]["id"] for each in objects(shown(world, face).blocks) if each.get("slack_file")]


def later(world: World, seconds: float = SETTLE_SECONDS) -> None:
    """Let the bot's clock be so much ahead."""
    world.offset += seconds


# --- It works -------------------------------------------------------------------------------------------


@pytest.mark.rule("one-request-two-pictures", "four-ways-to-answer")
def test_the_channel_is_asked_with_both_pictures_and_all_controls(world: World) -> None:
    face = world.face()
    work(world, face)
    message = shown(world, face)
    assert message.metadata == {
        "event_type": "facetag_request",
        "event_payload": {"face_id": face.id, "round": 1, "face_ids": [face.id]},
    }
    assert controls(message) == {"tag_person", "someone_else", "dont_know", "not_a_face"}
    row = fresh(face)
    assert pictures_in(world, face) == [row.crop_file, row.context_file]
    assert world.slack.contents(str(row.crop_file)) == world.services.images.get(crop_key(face.id))
    assert all(
        block["block_id"].startswith(f"face:{face.id}")
        for block in message.blocks
        if block["type"] == "actions"
    )
    assert words.small_print(face.id) in message.text
    assert (row.state, row.pending, request_of(row).posting_since) == ("open", None, None)
    assert request_of(row).posted_at == pytest.approx(world.services.now(), abs=5)


@pytest.mark.rule("picture-sharing")
def test_pictures_are_private_and_told_without_names(world: World) -> None:
    face = world.face()
    work(world, face)
    for file in world.slack.files():
        assert file.shares == {}
        assert file.alt_text
    assert "image_url" not in seen(shown(world, face))


def test_a_request_that_nobody_has_answered_needs_no_update(world: World) -> None:
    face = world.face()
    work(world, face)
    assert stale_in_slack() == []
    assert world.slack.calls("chat.update") == []


# --- Too small ------------------------------------------------------------------------------------------


@pytest.mark.rule("too-small-face")
@pytest.mark.parametrize("size", [49, 50])
def test_a_face_below_the_minimum_is_rejected_and_never_posted(world: World, size: int) -> None:
    face = world.face(size=size)
    work(world, face)
    if size < world.settings.min_face_size:
        assert (fresh(face).state, fresh(face).reason, fresh(face).pending) == ("rejected", "too_small", None)
        assert world.slack.calls("chat.postMessage") == []
        assert world.slack.files() == []
    else:
        assert fresh(face).state == "open"


@pytest.mark.rule("too-small-face")
def test_a_face_is_too_small_also_when_only_one_side_is(world: World) -> None:
    face = world.face()
    Face.update(height=49).where(Face.id == face.id).execute()
    work(world, face)
    assert fresh(face).reason == "too_small"


# --- Too blurred ----------------------------------------------------------------------------------------


@pytest.mark.rule("too-blurred-face")
@pytest.mark.parametrize(
    ("sharpness", "state"), [(SHARP_ENOUGH - 0.01, "rejected"), (SHARP_ENOUGH, "open"), (None, "open")]
)
def test_a_face_that_is_too_blurred_is_rejected_and_never_posted(
    world: World, sharpness: float | None, state: str
) -> None:
    face = world.face()
    Face.note(face.id, sharpness=sharpness)
    work(world, face)
    assert (fresh(face).state, fresh(face).reason) == (state, "too_blurred" if state == "rejected" else None)
    assert fresh(face).pending is None
    assert len(world.slack.calls("chat.postMessage")) == (state == "open")


@pytest.mark.rule("too-blurred-face", "retry-asks-again")
def test_a_blurred_face_that_an_operator_asks_about_again_is_asked(world: World) -> None:
    face = world.face()
    Face.note(face.id, sharpness=0.3)
    work(world, face)
    assert ask_again(face.id, 1, "rejected", by=None)
    work(world, face)
    assert posted(world) == [face.id]


@pytest.mark.rule("retry-asks-again")
def test_a_small_face_that_an_operator_asks_about_again_is_asked(world: World) -> None:
    face = world.face(size=20)
    work(world, face)
    assert ask_again(face.id, 1, "rejected", by=None)
    work(world, face)
    assert fresh(face).state == "open"
    assert posted(world) == [face.id]


def test_a_small_face_takes_no_place(make_world: MakeWorld) -> None:
    world = make_world(MAX_OPEN_REQUESTS="1")
    for face in (world.face(size=20), world.face()):
        work(world, face)
    assert len(posted(world)) == 1


# --- Places ---------------------------------------------------------------------------------------------


@pytest.mark.rule("open-requests-limited")
def test_no_more_requests_are_open_than_allowed_and_the_oldest_come_first(make_world: MakeWorld) -> None:
    world = make_world(MAX_OPEN_REQUESTS="2")
    people = world.slack.people
    faces = [world.face(stored_at=1000.0 + number) for number in range(5)]
    for face in faces:
        world.publish(FaceStored(face_id=face.id))
    world.drain()
    assert posted(world) == [face.id for face in faces[:2]]
    assert [fresh(face).state for face in faces[2:]] == ["waiting"] * 3
    assert [fresh(face).pending for face in faces[2:]] == [None] * 3
    for number, face in enumerate(faces):
        assert Face.counts()["open"] == min(2, 5 - number)
        say(world, face, "dont_know", *people[:3])
        assert fresh(face).state == "rejected"
    assert posted(world) == [face.id for face in faces]


def test_a_newer_face_does_not_pass_those_that_wait(make_world: MakeWorld) -> None:
    world = make_world(MAX_OPEN_REQUESTS="1")
    first, second = world.face(posted=True), world.face(posted=True)
    assert (first.state, second.state) == ("open", "waiting")
    Face.update(state="rejected").where(Face.id == first.id).execute()  # a place is free
    newest = world.face(posted=True)
    assert newest.state == "waiting"
    for message in Places(1).let_next_in():
        world.publish(message)
    world.drain()
    assert (fresh(second).state, fresh(newest).state) == ("open", "waiting")


@pytest.mark.rule("small-and-blurred-last")
def test_a_small_face_that_came_before_is_asked_about_after_a_large_one(make_world: MakeWorld) -> None:
    world = make_world(MAX_OPEN_REQUESTS="1", LINE_UP="0", MAX_GROUP="1")
    open_face, now, people = world.face(posted=True), world.services.now(), world.slack.people
    small = world.face(size=55, posted=True, stored_at=now - 200.0)
    large = world.face(posted=True, stored_at=now - 100.0)
    assert [fresh(face).state for face in (open_face, small, large)] == ["open", "waiting", "waiting"]
    say(world, open_face, "dont_know", *people[:3])
    assert [fresh(face).state for face in (small, large)] == ["waiting", "open"]
    old = world.face(size=55, posted=True, stored_at=now - 90_000.0)
    say(world, large, "dont_know", *people[:3])
    assert [fresh(face).state for face in (small, old)] == ["waiting", "open"], "none waits for ever"


def test_a_closed_request_that_still_shows_its_controls_keeps_its_place(make_world: MakeWorld) -> None:
    world = make_world(MAX_OPEN_REQUESTS="1")
    first, second = world.face(posted=True), world.face(posted=True)
    assert Face.move(first.id, 1, "open", "rejected", reason="unknown")
    assert list(Places(1).let_next_in()) == []
    world.show()
    assert [message.face_id for message in Places(1).let_next_in()] == [second.id]


def test_faces_on_their_way_are_let_in_once(make_world: MakeWorld) -> None:
    world = make_world(MAX_OPEN_REQUESTS="2")
    faces = [world.face(posted=True) for _ in range(5)]
    Face.update(state="rejected").where(Face.state == "open").execute()
    assert [message.face_id for message in Places(2).let_next_in()] == [face.id for face in faces[2:4]]
    assert list(Places(2).let_next_in()) == []


LOST = [
    {"reset": True, "effect": True},
    {"reset": True},
    {"status": 500, "effect": True},
    {"status": 503},
    {"error": "internal_error", "effect": True},
    {"error": "request_timeout"},
]
"""Ways in which an answer of Slack's does not come."""

# --- Twice is harmless ----------------------------------------------------------------------------------


def test_twice_is_harmless(world: World) -> None:
    face = world.face()
    for _ in range(3):
        work(world, face)
    assert posted(world) == [face.id]
    assert len(world.slack.files()) == 2


def test_a_message_of_an_earlier_round_or_an_unknown_face_asks_nothing(world: World) -> None:
    face = world.face()
    assert request_tagging_on_slack(FaceStored(face_id=face.id, round=2), world.services) == ()
    assert request_tagging_on_slack(FaceStored(face_id="0" * 36), world.services) == ()
    assert posted(world) == []


@pytest.mark.rule("post-never-twice")
def test_a_crash_after_the_post_finds_it_and_posts_nothing_more(world: World) -> None:
    face = world.face()
    work(world, face)
    ts = ts_of(fresh(face))
    # As the row is when the bot dies between Slack's answer and its own note of it.
    Face.update(state="waiting").where(Face.id == face.id).execute()
    Request.update(message_ts=None, posted_at=None, posting_since=world.services.now()).execute()
    with pytest.raises(Retry) as why:
        work(world, face)
    assert why.value.after == pytest.approx(SETTLE_SECONDS, abs=0.5)
    later(world)
    work(world, face)
    assert (fresh(face).state, ts_of(fresh(face))) == ("open", ts)
    assert posted(world) == [face.id]


def test_a_crash_after_the_upload_uploads_nothing_more(world: World) -> None:
    face = world.face()
    world.slack.fail("chat.postMessage", error="not_in_channel")
    with pytest.raises(Retry):
        work(world, face)
    work(world, face)
    assert len(world.slack.files()) == 2
    assert len(world.slack.calls("files.completeUploadExternal")) == 1


@pytest.mark.rule("pictures-once")
@pytest.mark.parametrize("fault", LOST, ids=str)
def test_an_upload_whose_answer_was_lost_leaves_no_pictures_in_slack_that_nobody_knows_of(
    world: World, fault: dict[str, object]
) -> None:
    face = world.face()
    world.slack.fail("files.completeUploadExternal", **fault)
    with pytest.raises(OutcomeUnknown):
        work(world, face)
    work(world, face)
    assert pictures_in(world, face) == complete(world)


def test_pictures_that_slack_no_longer_knows_are_uploaded_anew(world: World) -> None:
    face = world.face()
    world.slack.fail("files.completeUploadExternal", reset=True)
    with pytest.raises(OutcomeUnknown):
        work(world, face)
    # As Slack answers where an upload was given up.
    for method in ("files.info", "files.completeUploadExternal", "files.info"):
        world.slack.fail(method, error="file_not_found")
    with pytest.raises(Retry):
        work(world, face)
    work(world, face)
    assert pictures_in(world, face) == complete(world)


@pytest.mark.rule("unknown-posts-one-look")
def test_after_an_outage_one_look_finds_out_about_all_posts(world: World) -> None:
    faces = [world.face() for _ in range(6)]
    door = Slack(
        SlackApi.of(world.settings, 5, world.clock.now), world.settings.slack_channel, 1000.0, Event()
    )
    services = replace(world.services, slack=door)
    for number, face in enumerate(faces):
        world.slack.fail("chat.postMessage", reset=True, effect=number % 2 == 0)
        with pytest.raises(OutcomeUnknown):
            request_tagging_on_slack(FaceStored(face_id=face.id), services)
    later(world)
    for face in faces:
        request_tagging_on_slack(FaceStored(face_id=face.id), services)
    assert sorted(posted(world)) == sorted(face.id for face in faces)
    assert len(world.slack.calls("conversations.history")) == 1


def test_the_same_face_in_its_next_round_is_another_request(world: World) -> None:
    face = world.face()
    work(world, face)
    first = ts_of(fresh(face))
    Face.update(state="tagged").where(Face.id == face.id).execute()
    assert ask_again(face.id, 1, "tagged", by=world.slack.people[0])
    # The intent to post is there, the outcome unknown: round one's message must not be taken for it.
    request = Request.create(id="round two", posting_since=world.services.now())
    Face.note(face.id, request=request)
    later(world)
    work(world, face)
    assert ts_of(fresh(face)) != first
    assert posted(world) == [face.id, face.id]
    assert len(world.slack.files()) == 2, "the pictures serve all rounds"


# --- Retry: the outcome of the post is unknown ----------------------------------------------------------


@pytest.mark.rule("post-never-twice")
@pytest.mark.failure("post-unanswered", shows="what happens")
@pytest.mark.parametrize("fault", LOST, ids=str)
def test_a_post_whose_outcome_is_unknown_is_looked_for_before_it_is_repeated(
    world: World, fault: dict[str, object]
) -> None:
    face = world.face()
    world.slack.fail("chat.postMessage", **fault)
    with pytest.raises(OutcomeUnknown) as why:
        work(world, face)
    assert why.value.after == SETTLE_SECONDS
    with pytest.raises(Retry):
        work(world, face)  # too early to look
    assert len(world.slack.calls("chat.postMessage")) == 1
    later(world)
    work(world, face)
    assert posted(world) == [face.id]
    assert len(world.slack.calls("chat.postMessage")) == (1 if fault.get("effect") else 2)
    assert ts_of(fresh(face)) == requests(world)[0].ts
    assert len(world.slack.files()) == 2


@pytest.mark.failure("post-unanswered", shows="what happens")
def test_a_post_that_hangs_is_given_up_and_looked_for(world: World) -> None:
    face = world.face()
    impatient = Slack(SlackApi.of(world.settings, 1), world.settings.slack_channel, 1000.0, Event())
    hasty = replace(world.services, slack=impatient)
    world.slack.fail("chat.postMessage", hang=3.0, effect=True)
    with pytest.raises(OutcomeUnknown):
        request_tagging_on_slack(FaceStored(face_id=face.id), hasty)
    later(world)
    work(world, face)
    assert posted(world) == [face.id]


def test_a_post_of_unknown_outcome_keeps_its_place(make_world: MakeWorld) -> None:
    world = make_world(MAX_OPEN_REQUESTS="1")
    face, other = world.face(), world.face()
    world.slack.fail("chat.postMessage", reset=True, effect=True)
    with pytest.raises(OutcomeUnknown):
        work(world, face)
    work(world, other)
    assert (fresh(other).state, fresh(other).pending) == ("waiting", None)
    assert len(requests(world)) == 1


def test_a_look_that_fails_is_repeated(world: World) -> None:
    face = world.face()
    world.slack.fail("chat.postMessage", reset=True, effect=True)
    with pytest.raises(OutcomeUnknown):
        work(world, face)
    later(world)
    world.slack.fail("conversations.history", status=429, retry_after=9)
    with pytest.raises(Retry) as why:
        work(world, face)
    assert why.value.after == 9
    assert request_of(fresh(face)).posting_since is not None
    assert len(world.slack.calls("chat.postMessage")) == 1


def test_a_click_before_the_post_was_noted_opens_the_face(world: World) -> None:
    people = world.slack.people
    face = world.face()
    world.slack.fail("chat.postMessage", reset=True, effect=True)
    with pytest.raises(OutcomeUnknown):
        work(world, face)
    (request,) = requests(world)
    world.publish(world.answer(face, people[0], people[1], message_ts=request.ts))
    world.drain()
    work(world, face)  # put off before, and now there is nothing to do
    assert votes(face) == {people[0]: people[1]}
    assert (fresh(face).state, ts_of(fresh(face))) == ("open", request.ts)
    assert words.mention(people[0]) in shown(world, face).text
    assert posted(world) == [face.id]


# --- Retry: nothing was posted --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        ({"status": 429, "retry_after": 11}, 11.0),
        ({"error": "not_in_channel"}, None),
        ({"error": "missing_scope"}, None),
        ({"error": "is_archived"}, None),
        ({"error": "invalid_auth"}, None),
    ],
    ids=str,
)
def test_what_surely_posted_nothing_gives_the_place_to_another_face(
    make_world: MakeWorld, fault: dict[str, object], after: float | None
) -> None:
    world = make_world(MAX_OPEN_REQUESTS="1")
    face, other = world.face(), world.face()
    world.slack.fail("chat.postMessage", **fault)
    with pytest.raises(Retry) as why:
        work(world, face)
    assert not isinstance(why.value, OutcomeUnknown)
    assert why.value.after == after
    assert request_of(fresh(face)).posting_since is None
    if after is None:
        work(world, other)
        assert posted(world) == [other.id]


def test_an_upload_that_fails_is_repeated_and_holds_no_place(world: World) -> None:
    face = world.face()
    for method in ("files.getUploadURLExternal", "upload", "files.completeUploadExternal"):
        world.slack.fail(method, status=500)
        with pytest.raises(Retry):
            work(world, face)
        assert request_of(fresh(face)).posting_since is None
    work(world, face)
    assert posted(world) == [face.id]


def test_pictures_that_are_not_ready_are_waited_for(make_world: MakeWorld) -> None:
    world = make_world()
    world.slack.rules(file_ready_seconds=0.3)
    face = world.face()
    started = time.monotonic()
    work(world, face)
    assert time.monotonic() - started >= 0.3
    assert pictures_in(world, face) == [fresh(face).crop_file, fresh(face).context_file]
    assert len(world.slack.calls("chat.postMessage")) == 1, "none was refused for its pictures"


def test_pictures_that_take_too_long_are_tried_again_later(world: World) -> None:
    face = world.face()
    world.slack.rules(file_ready_seconds=60)
    ticks = iter(range(0, 1000, 5))
    patient = Slack(
        SlackApi.of(world.settings, 5, lambda: next(ticks)), world.settings.slack_channel, 1000.0, Event()
    )
    with pytest.raises(Retry, match="picture ready"):
        request_tagging_on_slack(FaceStored(face_id=face.id), replace(world.services, slack=patient))
    assert request_of(fresh(face)).posting_since is None
    assert world.slack.calls("chat.postMessage") == []


def test_pictures_that_were_deleted_in_slack_are_uploaded_anew_for_the_next_round(world: World) -> None:
    face = world.face(posted=True)
    client = WebClient(world.slack.bot_token, base_url=world.slack.api_url)
    client.files_delete(file=str(face.context_file))
    Face.update(state="rejected").where(Face.id == face.id).execute()
    assert ask_again(face.id, 1, "rejected", by=None)
    with pytest.raises(Retry):
        work(world, face)
    work(world, face)
    assert pictures_in(world, face) == [fresh(face).crop_file, fresh(face).context_file]
    assert fresh(face).context_file != face.context_file


def test_a_face_whose_post_was_put_off_is_asked_about_when_slack_is_back(world: World) -> None:
    face = world.face()
    world.slack.fail("chat.postMessage", error="not_in_channel", times=2)
    world.publish(FaceStored(face_id=face.id))
    drain_until(world, lambda: fresh(face).state == "open")
    assert posted(world) == [face.id]


# --- Reject ---------------------------------------------------------------------------------------------


def test_a_face_whose_picture_is_lost_is_rejected_and_holds_no_place(make_world: MakeWorld) -> None:
    world = make_world(MAX_OPEN_REQUESTS="1")
    face, other = world.face(), world.face()
    world.services.images.delete(crop_key(face.id))
    with pytest.raises(Reject):
        work(world, face)
    work(world, other)
    assert posted(world) == [other.id]


def test_a_post_that_slack_will_never_take_is_rejected_and_holds_no_place(world: World) -> None:
    face = world.face()
    world.slack.fail("chat.postMessage", error="invalid_blocks")
    with pytest.raises(Reject):
        work(world, face)
    assert (fresh(face).state, request_of(fresh(face)).posting_since) == ("waiting", None)


# --- SLACK_PICTURES=shared ------------------------------------------------------------------------------


@pytest.fixture(name="sharing")
def _sharing(make_world: MakeWorld) -> World:
    return make_world(SLACK_PICTURES="shared")


@pytest.mark.rule("picture-sharing")
def test_shared_pictures_are_in_the_thread_and_in_the_one_message(sharing: World) -> None:
    face = sharing.face()
    work(sharing, face)
    row = fresh(face)
    (request,) = requests(sharing)
    assert shared(sharing, request.ts) == [[row.crop_file, row.context_file]]
    assert pictures_in(sharing, face) == [row.crop_file, row.context_file]
    assert len(sharing.slack.messages()) == 1


@pytest.mark.rule("picture-sharing")
def test_shared_pictures_are_shared_once_however_often_the_message_comes(sharing: World) -> None:
    face = sharing.face()
    for _ in range(3):
        work(sharing, face)
    assert len(sharing.slack.files()) == 2
    assert len(requests(sharing)) == 1


def test_a_crash_before_the_pictures_were_shared_shares_them_next_time(sharing: World) -> None:
    face = sharing.face()
    sharing.slack.fail("files.getUploadURLExternal", reset=True)
    with pytest.raises(Retry):
        work(sharing, face)
    assert fresh(face).state == "open"
    work(sharing, face)
    assert len(pictures_in(sharing, face)) == 2


def test_shared_pictures_that_were_not_ready_are_shown_by_a_later_attempt(sharing: World) -> None:
    face = sharing.face()
    sharing.slack.fail("files.info", status=503)
    with pytest.raises(Retry):
        work(sharing, face)
    later(sharing)
    work(sharing, face)
    assert_shared_once(sharing, face)


def assert_shared_once(world: World, face: Face) -> None:
    """The pictures lie in the thread once, the request shows them, and Slack has no others."""
    row = fresh(face)
    files = [row.crop_file, row.context_file]
    assert request_of(row).posting_since is None
    assert shared(world, ts_of(row)) == [files]
    assert pictures_in(world, face) == files
    assert complete(world) == files


def shared(world: World, ts: str) -> list[list[str]]:
    """The pictures in each reply of a request's thread; Slack shares them a while after its answer."""
    world.slack.wait_for(lambda: world.slack.replies(ts))
    return [reply.files for reply in world.slack.replies(ts)]


def complete(world: World) -> list[str]:
    """Ids of the files that Slack keeps."""
    return [file.id for file in world.slack.files() if file.ready_at is not None and not file.deleted]


COMPLETE = "files.completeUploadExternal"


@pytest.mark.ci
@pytest.mark.rule("pictures-once")
@pytest.mark.parametrize(
    ("method", "fault"),
    [
        *((COMPLETE, fault) for fault in LOST),
        *((method, {"reset": True}) for method in ("files.getUploadURLExternal", "upload", "files.info")),
        ("upload", {"error": "internal_error"}),
    ],
    ids=str,
)
def test_whatever_answer_is_lost_the_pictures_are_shared_once(
    sharing: World, method: str, fault: dict[str, object]
) -> None:
    face = sharing.face()
    sharing.slack.fail(method, **fault)
    with pytest.raises(Retry) as why:
        work(sharing, face)
    if method == COMPLETE:
        assert why.value.after == SETTLE_SECONDS
        with pytest.raises(Retry):
            work(sharing, face)  # too early to look
        assert len(sharing.slack.calls(method)) == 1
    later(sharing)
    work(sharing, face)
    assert_shared_once(sharing, face)


@pytest.mark.rule("pictures-once")
@pytest.mark.parametrize("calls", range(1, 9))
def test_after_whatever_call_the_bot_dies_the_pictures_are_shared_once(sharing: World, calls: int) -> None:
    face = sharing.face()
    reached: list[str] = []

    def die(_: str, point: str) -> None:
        reached.extend([point] * (point == failpoints.AFTER_CALL))
        if len(reached) == calls:
            raise Died

    working = failpoints.working_on("RequestTaggingOnSlack")
    with working, failpoints.listening(die), pytest.raises(Died):
        work(sharing, face)
    later(sharing)
    work(sharing, face)
    assert_shared_once(sharing, face)


def test_pictures_that_slack_takes_long_to_share_are_shared_once(sharing: World) -> None:
    sharing.slack.rules(file_ready_seconds=0.5)
    face = sharing.face()
    sharing.slack.fail("files.completeUploadExternal", reset=True, effect=True)
    with pytest.raises(OutcomeUnknown):
        work(sharing, face)
    later(sharing)
    work(sharing, face)
    assert_shared_once(sharing, face)
    assert len(sharing.slack.calls("files.completeUploadExternal")) == 2, "of which one has an effect"


def test_a_request_whose_pictures_are_on_their_way_is_shown_without_them(sharing: World) -> None:
    face = sharing.face()
    sharing.slack.fail("files.completeUploadExternal", reset=True)
    with pytest.raises(OutcomeUnknown):
        work(sharing, face)
    say(sharing, face, sharing.slack.people[1], sharing.slack.people[0])
    assert pictures_in(sharing, face) == []
    assert words.mention(sharing.slack.people[0]) in shown(sharing, face).text
    later(sharing)
    work(sharing, face)
    assert_shared_once(sharing, face)


def test_pictures_that_are_on_their_way_when_the_face_is_closed_are_shared_all_the_same(
    sharing: World,
) -> None:
    face = sharing.face()
    sharing.slack.fail("files.completeUploadExternal", reset=True)
    with pytest.raises(OutcomeUnknown):
        work(sharing, face)
    say(sharing, face, sharing.slack.people[1], *sharing.slack.people[:2])
    assert fresh(face).state == "tagged"
    later(sharing)
    work(sharing, face)
    row = fresh(face)
    assert shared(sharing, ts_of(row)) == [[row.crop_file, row.context_file]]
    assert pictures_in(sharing, face) == [row.crop_file]


def test_shared_pictures_that_were_deleted_are_shared_anew_in_the_next_round(sharing: World) -> None:
    face = sharing.face()
    work(sharing, face)
    client = WebClient(sharing.slack.bot_token, base_url=sharing.slack.api_url)
    for file in complete(sharing):
        client.files_delete(file=file)
    Face.update(state="rejected").where(Face.id == face.id).execute()
    assert ask_again(face.id, 1, "rejected", by=None)
    work(sharing, face)
    assert_shared_once(sharing, face)


def test_a_second_round_shows_the_shared_pictures_at_once(sharing: World) -> None:
    face = sharing.face()
    work(sharing, face)
    Face.update(state="rejected").where(Face.id == face.id).execute()
    assert ask_again(face.id, 1, "rejected", by=None)
    work(sharing, face)
    assert len(pictures_in(sharing, face)) == 2
    assert len(sharing.slack.files()) == 2
