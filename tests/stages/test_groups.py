"""Requests about several faces: whatever holds for one holds for each of them."""

from contextlib import suppress
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image
from slack_sdk import WebClient

from tagbot.database.models.different_people import DifferentPeople
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.places import Places, count_open_requests
from tagbot.database.models.requests import Request, stale_in_slack
from tagbot.database.models.rounds import ask_again
from tagbot.database.models.vectors import TrainedVector
from tagbot.errors import Retry
from tagbot.lib import failpoints
from tagbot.maintenance.redrive import retry
from tagbot.messages import FaceReopened, FacesStruckOut, FaceStored
from tagbot.schedule.timed_jobs import DAY_SECONDS, ask_lost_again, expire_requests, mend
from tagbot.slack import words
from tagbot.slack.api_failures import OutcomeUnknown
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.stages.request_tagging_on_slack import request_tagging_on_slack
from tagbot.stages.split_group import split_group
from tagbot.vocabulary import SpecialAnswer, State
from tests.dying import Died
from tests.stages.grouping import asked_together, grouping, let_in, message_of, waiting
from tests.stages.scenes import (
    MakeWorld,
    blur,
    controls,
    drain_until,
    fresh,
    objects,
    person_of,
    requests,
    say,
    seen,
    votes,
)
from tests.world import World, request_of, ts_of


def struck_out(faces: list[Face], *odd: Face, by: str, at: float = 1.0) -> FacesStruckOut:
    first = faces[0]
    return FacesStruckOut(
        face_id=first.id, round=first.round, odd_ones=tuple(face.id for face in odd), by=by, at=at
    )


def split(world: World, faces: list[Face], *odd: Face, by: str) -> None:
    world.publish(struck_out(faces, *odd, by=by))
    world.drain()


def states(faces: list[Face]) -> list[str]:
    return [fresh(face).state for face in faces]


# --- Asking ---------------------------------------------------------------------------------------------


@pytest.mark.rule("one-message", "group-asked-together", "grid-of-faces")
def test_faces_that_share_a_request_are_asked_about_in_one_message_with_one_picture(world: World) -> None:
    faces = asked_together(world, 5)
    [message] = requests(world)
    first = faces[0]
    assert message.metadata == {
        "event_type": "facetag_request",
        "event_payload": {"face_id": first.id, "round": 1, "face_ids": [face.id for face in faces]},
    }
    assert controls(message) == {
        "tag_person", "someone_else", "dont_know", "not_a_face", "not_all_the_same", "look_closer",
    }  # fmt: skip
    assert {block["block_id"] for block in message.blocks if block["type"] == "actions"} == {
        f"face:{first.id}:1"
    }
    assert "5 faces" in message.blocks[0]["text"]["text"]
    assert words.small_print(first.id) in message.text
    [picture] = [each for each in objects(message.blocks) if each.get("slack_file")]
    assert picture["alt_text"].startswith("5 faces")
    [file] = world.slack.files()
    assert picture["slack_file"] == {"id": file.id}
    assert Image.open(BytesIO(world.slack.contents(file.id))).width >= 900
    assert stale_in_slack() == []


@pytest.mark.rule("group-asked-together")
def test_its_plain_text_says_all_that_its_blocks_say(world: World) -> None:
    message = message_of(world, asked_together(world))
    said = [each["text"] for each in objects(message.blocks) if isinstance(each.get("text"), str)]
    for each in said:
        assert each.replace("*", "") in message.text


@pytest.mark.rule("open-requests-limited")
def test_a_place_is_a_requests_and_not_a_faces(make_world: MakeWorld) -> None:
    world = grouping(make_world(MAX_OPEN_REQUESTS="2"), 3)
    faces = waiting(world, 8)
    let_in(world)
    assert states(faces) == ["open"] * 6 + ["waiting"] * 2
    assert count_open_requests() == 2
    let_in(world)
    assert states(faces)[6:] == ["waiting"] * 2
    say(world, faces[0], "dont_know", *world.slack.people[:3])
    assert states(faces) == ["rejected"] * 3 + ["open"] * 5
    assert len(requests(world)) == 3


def test_the_message_of_a_face_that_shares_a_request_asks_for_nothing(world: World) -> None:
    faces = asked_together(world)
    for face in faces:
        request_tagging_on_slack(FaceStored(face_id=face.id), world.services)
    assert len(requests(world)) == 1
    assert len(world.slack.files()) == 1


def test_a_face_that_comes_while_a_place_is_free_is_asked_with_those_that_wait(world: World) -> None:
    grouping(world, 3)
    older = waiting(world, 2)
    newest = world.face(posted=True)
    assert states([*older, newest]) == ["open"] * 3
    [message] = requests(world)
    assert message.metadata is not None
    assert message.metadata["event_payload"]["face_ids"] == [newest.id, *(face.id for face in older)]


@pytest.mark.rule("never-together")
def test_two_faces_of_one_photo_or_that_people_told_apart_never_share_a_request(world: World) -> None:
    faces = waiting(grouping(world, 4), 4)
    Face.update(photo=faces[0].photo_id).where(Face.id == faces[1].id).execute()
    DifferentPeople.note([(faces[2].id, faces[0].id)])
    let_in(world)
    asked = {face.id: fresh(face).request_id for face in faces}
    assert asked[faces[0].id] == asked[faces[3].id] is not None
    assert asked[faces[1].id] is asked[faces[2].id] is None
    let_in(world)
    assert fresh(faces[1]).request_id == fresh(faces[2]).request_id is not None


@pytest.mark.rule("never-together")
def test_two_faces_that_were_tagged_as_different_people_never_share_a_request(world: World) -> None:
    faces = waiting(grouping(world, 4), 4)
    for face, name in zip(faces[:3], ("UANNA", "UBEN", "UANNA"), strict=True):
        Face.note(face.id, request=Request.create(id=f"of {face.id}").id, state=State.TAGGED)
        Face.note(face.id, person=Person.with_slack_id(name, 1.0).id)
        assert ask_again(face.id, 1, State.TAGGED, by="U1", has_message=False)
    let_in(world)
    asked = [fresh(face).request_id for face in faces]
    assert asked[0] == asked[2] == asked[3] is not None
    assert asked[1] is None


@pytest.mark.rule("group-asked-together")
def test_no_more_faces_share_a_request_than_allowed(world: World) -> None:
    faces = waiting(grouping(world, 5), 5)
    world.services = replace(world.services, places=replace(world.services.places, largest=2))
    let_in(world)
    assert [fresh(face).request_id is not None for face in faces] == [True, True, False, False, False]


# --- Posting that fails ---------------------------------------------------------------------------------


@pytest.mark.rule("post-never-twice")
@pytest.mark.parametrize("effect", [True, False])
def test_a_post_whose_outcome_is_unknown_is_looked_for_and_there_is_one(world: World, effect: bool) -> None:
    faces = waiting(grouping(world, 3), 3)
    [message] = world.services.places.let_next_in()
    world.slack.fail("chat.postMessage", reset=True, effect=effect)
    with pytest.raises(OutcomeUnknown):
        request_tagging_on_slack(message, world.services)
    assert count_open_requests() == 1
    world.offset += SETTLE_SECONDS
    request_tagging_on_slack(message, world.services)
    assert states(faces) == ["open"] * 3
    assert len(requests(world)) == 1
    assert len(world.slack.files()) == 1


def test_a_click_before_the_post_was_noted_opens_all_of_them(world: World) -> None:
    faces = waiting(grouping(world, 3), 3)
    anna, ben = world.slack.people[:2]
    [message] = world.services.places.let_next_in()
    world.slack.fail("chat.postMessage", reset=True, effect=True)
    with pytest.raises(OutcomeUnknown):
        request_tagging_on_slack(message, world.services)
    [posted] = requests(world)
    world.publish(world.answer(fresh(faces[0]), anna, ben, message_ts=posted.ts))
    world.drain()
    assert states(faces) == ["open"] * 3
    assert [votes(face) for face in faces] == [{anna: ben}] * 3


def test_a_place_that_is_given_back_leaves_all_of_them_waiting_when_it_is_taken(
    make_world: MakeWorld,
) -> None:
    world = grouping(make_world(MAX_OPEN_REQUESTS="1"), 3)
    faces = waiting(world, 3)
    [message] = world.services.places.let_next_in()
    world.slack.fail("chat.postMessage", error="not_in_channel")
    with pytest.raises(Retry):
        request_tagging_on_slack(message, world.services)
    world.services = replace(world.services, places=Places(1))
    other = world.face()
    request_tagging_on_slack(FaceStored(face_id=other.id), world.services)
    assert fresh(other).state == "open"
    request_tagging_on_slack(message, world.services)
    assert [(face.state, face.request_id, face.pending) for face in map(fresh, faces)] == [
        ("waiting", None, None)
    ] * 3
    uploaded = {file.id for file in world.slack.files()}
    assert {request.grid_file for request in Request.select()} & uploaded, "the picture is still known of"


def test_what_a_crash_left_formed_is_asked_about_in_the_end(world: World) -> None:
    faces = waiting(grouping(world, 3), 3)
    list(world.services.places.let_next_in())  # and the bot dies before it is on the queue
    mend(world.services)
    world.drain()
    assert states(faces) == ["open"] * 3


# --- Answers --------------------------------------------------------------------------------------------


@pytest.mark.rule("group-answer", "answers-of-their-round")
def test_an_answer_is_a_vote_on_each_of_them_and_each_is_trained_once(world: World) -> None:
    faces, people = asked_together(world), world.slack.people
    say(world, faces[0], people[2], people[0])
    assert [votes(face) for face in faces] == [{people[0]: people[2]}] * 3
    assert states(faces) == ["open"] * 3
    assert people[2] not in seen(message_of(world, faces))
    say(world, faces[0], people[2], people[1])
    assert states(faces) == ["tagged"] * 3
    assert {person_of(face) for face in faces} == {people[2]}
    assert TrainedVector.select().count() == 3
    message = message_of(world, faces)
    assert message.text.startswith("Tagged as ")
    assert "all 3 faces" in message.text
    assert controls(message) == {"wrong_person"}
    assert count_open_requests() == 0


@pytest.mark.rule("group-answer")
def test_a_typed_name_is_the_same_person_for_each_of_them(world: World) -> None:
    faces, people = asked_together(world), world.slack.people
    for tagger, name in zip(people[:2], ("Zoë", "zoë"), strict=True):
        world.publish(world.answer(faces[0], tagger, "", name=name))
        world.drain()
    assert states(faces) == ["tagged"] * 3
    assert len({str(fresh(face).person) for face in faces}) == 1


@pytest.mark.rule("group-answer")
def test_one_that_the_backend_refuses_does_not_hold_the_others_and_the_message_says_which(
    world: World,
) -> None:
    faces, people = asked_together(world), world.slack.people
    blur(world, faces[1])
    say(world, faces[0], people[2], *people[:2])
    assert states(faces) == ["tagged", "rejected", "tagged"]
    text = message_of(world, faces).text
    assert text.startswith("Tagged as ")
    assert "(faces 1 and 3)" in text
    assert f"{words.REJECTED['too_blurred']} (face 2)" in text
    assert count_open_requests() == 0


@pytest.mark.rule("group-answer")
def test_several_who_differ_are_told_so_and_not_what_anybody_said(world: World) -> None:
    faces, people = asked_together(world), world.slack.people
    say(world, faces[0], people[2], people[0])
    say(world, faces[0], people[3], people[1])
    text = message_of(world, faces).text
    assert "do not agree yet" in text
    assert states(faces) == ["open"] * 3


@pytest.mark.rule("unanswered-expires")
def test_a_request_that_nobody_finishes_closes_with_all_its_faces_and_retry_asks_all_of_them_again(
    world: World,
) -> None:
    faces = asked_together(world)
    world.offset += 15 * DAY_SECONDS
    expire_requests(world.services)
    world.drain()
    assert [(face.state, face.reason) for face in map(fresh, faces)] == [("rejected", "unanswered")] * 3
    assert controls(message_of(world, faces)) == set()
    assert retry(world.queues, faces[0].id).asked_again == 3
    world.drain()
    assert states(faces) == ["open"] * 3
    assert "reopened these 3 faces" in world.slack.message(ts_of(faces[0])).text


# --- Striking out ---------------------------------------------------------------------------------------


@pytest.mark.rule("split-group")
def test_struck_out_faces_are_asked_about_apart_and_the_others_keep_their_votes(world: World) -> None:
    faces, people = asked_together(world, 4), world.slack.people
    say(world, faces[0], people[2], people[0])
    split(world, faces, faces[0], faces[2], by=people[1])
    odd, rest = [fresh(faces[0]), fresh(faces[2])], [fresh(faces[1]), fresh(faces[3])]
    assert [(face.round, votes(face)) for face in odd] == [(2, {})] * 2
    assert [(face.round, votes(face)) for face in rest] == [(1, {people[0]: people[2]})] * 2
    assert odd[0].request_id != rest[0].request_id == rest[1].request_id
    assert states(faces) == ["open"] * 4
    message = message_of(world, rest)
    assert message.ts == ts_of(faces[0])
    assert message.metadata is not None
    assert message.metadata["event_payload"] == {
        "face_id": rest[0].id,
        "round": 1,
        "face_ids": [face.id for face in rest],
    }
    assert words.small_print(rest[0].id) in message.text
    assert f"face:{rest[0].id}:1" in {block.get("block_id") for block in message.blocks}
    assert f"{words.mention(people[1])} took 2 faces out" in message.text
    assert "2 faces" in message.blocks[0]["text"]["text"]
    [picture] = [each for each in objects(message.blocks) if each.get("slack_file")]
    assert picture["slack_file"]["id"] == request_of(rest[0]).grid_file
    assert picture["alt_text"].startswith("2 faces")
    assert str(request_of(rest[0]).past_grids).split() == [
        file.id for file in world.slack.files() if "4 faces" in str(file.alt_text)
    ]


@pytest.mark.rule("split-group", "never-together")
def test_they_are_never_together_again_with_those_that_they_were_told_apart_from(world: World) -> None:
    faces, people = asked_together(world, 3), world.slack.people
    split(world, faces, faces[2], by=people[1])
    for face in faces[:2]:
        assert frozenset((face.id, faces[2].id)) in DifferentPeople.told_apart([face.id, faces[2].id])
    assert not DifferentPeople.told_apart([faces[0].id, faces[1].id])
    assert fresh(faces[2]).request_id not in {fresh(face).request_id for face in faces[:2]}


@pytest.mark.rule("split-group", "never-together")
def test_whoever_strikes_out_all_says_that_no_two_of_them_are_the_same(world: World) -> None:
    faces, people = asked_together(world, 3), world.slack.people
    split(world, faces, *faces, by=people[1])
    assert len({fresh(face).request_id for face in faces}) == 3
    assert states(faces) == ["open"] * 3
    assert controls(world.slack.message(ts_of(faces[0]))) == set()


@pytest.mark.rule("split-group")
def test_a_request_of_which_one_face_is_left_asks_about_that_one(world: World) -> None:
    faces, people = asked_together(world, 2), world.slack.people
    split(world, faces, faces[0], by=people[1])
    left = fresh(faces[1])
    message = message_of(world, [left])
    assert words.QUESTION in message.text
    assert controls(message) == {"tag_person", "someone_else", "dont_know", "not_a_face"}
    shown = [each["slack_file"]["id"] for each in objects(message.blocks) if each.get("slack_file")]
    assert shown == [left.crop_file, left.context_file]


@pytest.mark.rule("split-group")
def test_to_strike_out_twice_is_harmless(world: World) -> None:
    faces, people = asked_together(world, 4), world.slack.people
    message = struck_out(faces, faces[1], by=people[1])
    first = list(split_group(message, world.services))
    assert list(split_group(message, world.services)) == first == [FaceStored(face_id=faces[1].id, round=2)]
    assert fresh(faces[1]).round == 2
    for each in first * 2:
        world.publish(each)
    world.drain()
    assert len(requests(world)) == 2
    assert world.told(people[1]) == []


@pytest.mark.rule("split-group")
def test_a_picture_that_cannot_be_brought_to_slack_holds_up_no_face_and_comes_later(world: World) -> None:
    faces, people = asked_together(world, 4), world.slack.people
    message = struck_out(faces, faces[1], by=people[1])
    world.slack.fail("files.getUploadURLExternal", status=503)
    with pytest.raises(Retry):
        list(split_group(message, world.services))
    assert fresh(faces[1]).state == "waiting"
    list(split_group(message, world.services))
    assert request_of(faces[0]).grid_size == 3
    assert stale_in_slack() == []


@pytest.mark.ci
@pytest.mark.rule("split-group", "crash-anywhere")
@pytest.mark.parametrize("shared", [False, True], ids=["private", "shared"])
@pytest.mark.parametrize("passage", range(1, 18))
def test_wherever_the_bot_dies_while_it_splits_the_end_is_the_same(
    make_world: MakeWorld, passage: int, shared: bool
) -> None:
    world = make_world(SLACK_PICTURES="shared" if shared else "private")
    faces, people = asked_together(world, 4), world.slack.people
    say(world, faces[0], people[2], people[0])
    message = struck_out(faces, faces[0], faces[2], by=people[1])
    passed: list[str] = []

    def die(stage: str, point: str) -> None:
        passed.extend([point] * (stage == "SplitGroup"))
        if len(passed) == passage:
            raise Died

    with failpoints.listening(die), failpoints.working_on("SplitGroup"), suppress(Died):
        for output in split_group(message, world.services):
            failpoints.reach(failpoints.AFTER_OUTPUT)
            world.publish(output)
    world.offset += SETTLE_SECONDS + 1
    world.publish(message)
    drain_until(world, lambda: not world.queues["face-split"].counts().delayed)
    assert states(faces) == ["open"] * 4
    assert [fresh(face).round for face in faces] == [2, 1, 2, 1]
    assert [len(votes(face)) for face in faces] == [0, 1, 0, 1]
    assert len(requests(world)) == 3
    assert stale_in_slack() == []
    left = request_of(fresh(faces[1]))
    assert left.grid_size == 2
    known = " ".join(f"{each.grid_file} {each.past_grids}" for each in Request.select())
    known += " ".join(f"{face.crop_file} {face.context_file}" for face in map(fresh, faces))
    kept = {file.id for file in world.slack.files() if file.ready_at is not None and not file.deleted}
    assert {file for file in kept if file not in known} == set(), "no picture is there that nobody knows of"


@pytest.mark.rule("split-group")
@pytest.mark.parametrize("when", ["closed", "unknown"])
def test_what_is_not_asked_about_together_any_more_is_not_split_and_the_member_is_told(
    world: World, when: str
) -> None:
    faces, people = asked_together(world, 3), world.slack.people
    message = struck_out(faces, faces[1], by=people[3])
    if when == "closed":
        say(world, faces[0], people[2], *people[:2])
    else:
        message = struck_out([world.face()], faces[1], by=people[3])
    world.publish(message)
    world.drain()
    assert fresh(faces[1]).round == 1
    assert world.told(people[3]) == [words.NOTHING_TO_SPLIT]


@pytest.mark.rule("split-group", "answers-of-their-round")
def test_a_click_with_the_block_id_of_before_counts_for_those_that_are_left(world: World) -> None:
    faces, people = asked_together(world, 3), world.slack.people
    late = world.answer(faces[0], people[0], people[2])
    split(world, faces, faces[0], by=people[1])
    world.publish(late)
    world.drain()
    assert votes(faces[0]) == {}
    assert [votes(face) for face in faces[1:]] == [{people[0]: people[2]}] * 2


# --- The wrong person -----------------------------------------------------------------------------------


@pytest.mark.rule("undo-some")
def test_those_that_got_the_wrong_person_are_asked_again_and_the_message_keeps_the_others(
    world: World,
) -> None:
    faces, people = asked_together(world, 4), world.slack.people
    say(world, faces[0], people[2], *people[:2])
    wrong = (faces[0].id, faces[3].id)
    for face_id in wrong:
        world.publish(FaceReopened(face_id=face_id, round=1, by=people[3], together=wrong))
    world.drain()
    assert states(faces) == ["open", "tagged", "tagged", "open"]
    assert TrainedVector.select().count() == 2
    message = message_of(world, faces)
    assert f"{words.mention(people[3])} reopened 2 faces" in message.text
    assert message.text.startswith("Tagged as ")
    assert message.metadata is not None
    assert message.metadata["event_payload"]["face_ids"] == [faces[1].id, faces[2].id]
    apart = DifferentPeople.told_apart([face.id for face in faces])
    assert apart == {frozenset((one, other.id)) for one in wrong for other in faces[1:3]}


@pytest.mark.rule("undo-some", "old-message-closed")
def test_where_all_of_them_got_the_wrong_person_the_message_says_so_and_has_no_controls(world: World) -> None:
    faces, people = asked_together(world), world.slack.people
    say(world, faces[0], people[2], *people[:2])
    wrong = tuple(face.id for face in faces)
    for face_id in wrong:
        world.publish(FaceReopened(face_id=face_id, round=1, by=people[3], together=wrong))
    world.drain()
    assert states(faces) == ["open"] * 3
    old = world.slack.message(ts_of(faces[0]))
    assert old.text.startswith(f"{words.mention(people[3])} reopened these 3 faces")
    assert controls(old) == set()
    assert DifferentPeople.select().count() == 0, "they may all be somebody else's"
    assert TrainedVector.select().count() == 0


@pytest.mark.rule("undo-some", "old-message-closed")
def test_where_two_people_reopened_all_of_them_the_message_names_both_and_its_id_is_the_metadatas(
    world: World,
) -> None:
    faces, people = asked_together(world), world.slack.people
    say(world, faces[0], people[2], *people[:2])
    for face, by in ((faces[2], people[3]), (faces[0], people[4]), (faces[1], people[3])):
        world.publish(FaceReopened(face_id=face.id, round=1, by=by))
        world.drain()
    old = world.slack.message(ts_of(faces[0]))
    assert words.left_the_request(people[3], 2, struck_out=False) in old.text
    assert words.left_the_request(people[4], 1, struck_out=False) in old.text
    assert controls(old) == set()
    assert old.metadata is not None
    asked = old.metadata["event_payload"]
    assert set(asked["face_ids"]) == {face.id for face in faces}
    assert asked["face_id"] == asked["face_ids"][0]
    assert words.small_print(asked["face_id"]) in old.text


def test_an_admin_adds_all_of_them_anyway(world: World) -> None:
    faces, people = asked_together(world), world.slack.people
    say(world, faces[0], people[2], *people[:2])
    for face in faces[:2]:
        world.services.training.remove_face(
            face.id, fresh(face).person_ref, fresh(face).face_ref or "", training_id="t"
        )
        nowhere = dict.fromkeys(("face_ref", "person_ref", "training_backend"))
        Face.note(face.id, reason="differs", **nowhere)
        Face.changed(Face.id == face.id)
    message = message_of(world, faces)
    assert controls(message) == {"wrong_person", "train_anyway"}
    assert f"{words.NOT_SENT['differs']} (faces 1 and 2)" in message.text
    say(world, faces[0], "train_anyway", people[0])
    assert states(faces) == ["tagged"] * 3
    assert TrainedVector.select().count() == 3


# --- Lost -----------------------------------------------------------------------------------------------


@pytest.mark.rule("lost-request-asked-again")
def test_a_deleted_request_gives_back_one_place_and_all_its_faces_are_asked_again(world: World) -> None:
    faces, people = asked_together(world), world.slack.people
    say(world, faces[0], people[2], people[0])
    world.slack.delete(ts_of(faces[0]))
    world.offset += SETTLE_SECONDS + 1
    ask_lost_again(world.services)
    world.drain()
    assert [(face.state, face.round, votes(face)) for face in map(fresh, faces)] == [("open", 2, {})] * 3
    assert len(requests(world)) == 1
    assert count_open_requests() == 1
    assert stale_in_slack() == []


def test_a_group_whose_picture_was_deleted_in_slack_goes_on_without_it(world: World) -> None:
    faces, people = asked_together(world), world.slack.people
    client = WebClient(world.slack.bot_token, base_url=world.slack.api_url)
    client.files_delete(file=str(request_of(faces[0]).grid_file))
    say(world, faces[0], people[2], people[0])
    message = message_of(world, faces)
    assert words.mention(people[0]) in message.text
    assert not [each for each in objects(message.blocks) if each.get("slack_file")]
    assert stale_in_slack() == []


def test_where_private_pictures_cannot_be_seen_the_grid_is_in_the_thread(
    make_world: MakeWorld,
) -> None:
    world = make_world(SLACK_PICTURES="shared")
    faces = asked_together(world)
    grid = request_of(faces[0]).grid_file
    ts = ts_of(faces[0])
    world.slack.wait_for(lambda: world.slack.replies(ts))
    assert [reply.files for reply in world.slack.replies(ts)] == [[grid]]
    assert str(grid) in seen(message_of(world, faces))
    split(world, faces, faces[2], by=world.slack.people[0])
    world.slack.wait_for(lambda: len(world.slack.replies(ts)) == 2)
    assert str(request_of(faces[0]).grid_file) in seen(message_of(world, faces))


def test_not_a_face_closes_all_of_them(world: World) -> None:
    faces, people = asked_together(world), world.slack.people
    say(world, faces[0], SpecialAnswer.NOT_A_FACE, *people[:2])
    assert [(face.state, face.reason) for face in map(fresh, faces)] == [(State.REJECTED, "not_a_face")] * 3
    assert message_of(world, faces).text.startswith(words.REJECTED["not_a_face"])
