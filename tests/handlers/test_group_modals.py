"""NotAllTheSame, LookCloser, and WrongPerson in a request about several faces: each opens its modal."""

import json
from typing import Any

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.rounds import ask_again
from tagbot.handlers import not_all_the_same, wrong_person
from tagbot.messages import FaceReopened, FacesStruckOut
from tagbot.sandbox.state import View
from tagbot.slack import words
from tagbot.slack.group_modals import Numbered, wrong_ones_modal
from tagbot.slack.request_id import RequestId
from tagbot.slack.someone_else_modal import Opened
from tagbot.vocabulary import QueueName, State
from tests.handlers.conftest import SLOW_DISK, Desk, connected_desk
from tests.maintenance.forgetting.scenes import forget
from tests.stages.grouping import asked_together
from tests.stages.scenes import fresh, objects, say
from tests.world import World, request_of, ts_of


def front(desk: Desk, member: str) -> View:
    """The modal that a member has in front of them."""
    return desk.slack.wait_for_view(member)


def boxes(view: View, name: str) -> dict[str, str]:
    """The check boxes of a modal: their texts by value."""
    [block] = [each for each in view.content["blocks"] if each["type"] == "input"]
    assert (block["block_id"], block["element"]["action_id"]) == (name, name)
    return {option["value"]: option["text"]["text"] for option in block["element"]["options"]}


@pytest.mark.rule("split-group")
def test_who_sees_an_odd_one_ticks_it_in_a_modal_with_the_numbered_picture(world: World) -> None:
    faces, (anna, *_) = asked_together(world, 4), world.slack.people
    with connected_desk(world) as desk:
        desk.slack.click(anna, ts_of(faces[0]), "not_all_the_same")
        view = front(desk, anna)
        assert view.content["callback_id"] == "not_all_the_same"
        assert boxes(view, "odd_ones") == {face.id: f"Face {number}" for number, face in enumerate(faces, 1)}
        [picture] = [each for each in objects(view.content["blocks"]) if each.get("slack_file")]
        assert picture["slack_file"]["id"] == request_of(faces[0]).grid_file
        desk.disk_seconds = SLOW_DISK
        act = desk.slack.submit(anna, view.id, {"odd_ones": [faces[2].id]})
        assert act.acknowledged
        [(stored, stored_at)] = desk.stored
        assert stored_at <= (act.acknowledged_at or 0.0)
        assert isinstance(stored, FacesStruckOut)
        assert (stored.face_id, stored.round, stored.odd_ones, stored.by, stored.channel) == (
            faces[0].id, 1, (faces[2].id,), anna, desk.slack.channel,
        )  # fmt: skip
        assert desk.slack.views(anna) == []


@pytest.mark.rule("split-group")
def test_after_some_have_left_the_modal_offers_the_others_by_the_numbers_that_they_have(world: World) -> None:
    faces, (anna, ben, *_) = asked_together(world, 4), world.slack.people
    gone = FacesStruckOut(face_id=faces[0].id, odd_ones=(faces[0].id,), by=ben, at=1.0)
    world.publish(gone)
    world.drain()
    with connected_desk(world) as desk:
        desk.slack.click(anna, ts_of(faces[0]), "not_all_the_same")
        offered = boxes(front(desk, anna), "odd_ones")
    assert offered == {face.id: f"Face {number}" for number, face in enumerate(faces, 1) if number > 1}


@pytest.mark.rule("look-closer")
def test_a_closer_look_shows_the_photo_around_each_and_uploads_it_once(world: World) -> None:
    faces, (anna, ben, *_) = asked_together(world), world.slack.people
    with connected_desk(world) as desk:
        for member in (anna, ben):
            desk.slack.click(member, ts_of(faces[0]), "look_closer")
            wait_for_pictures(desk, member, 3)
        view = front(desk, ben)
        assert pictures(view) == [fresh(face).context_file for face in faces]
        alts = [each["alt_text"] for each in objects(view.content["blocks"]) if each.get("slack_file")]
        assert alts == [words.numbered_photo_alt(number) for number in (1, 2, 3)]
    assert len(world.slack.files()) == 4


def wait_for_pictures(desk: Desk, member: str, count: int) -> None:
    """Return when the modal shows so many."""
    desk.slack.wait_for(lambda: len(pictures(front(desk, member))) == count)


def pictures(view: View) -> list[str]:
    """Slack's ids of those that a modal shows."""
    return [each["slack_file"]["id"] for each in objects(view.content["blocks"]) if each.get("slack_file")]


@pytest.mark.rule("look-closer")
def test_where_the_photos_cannot_be_shown_the_modal_says_so(world: World) -> None:
    faces, (anna, *_) = asked_together(world), world.slack.people
    world.slack.fail("files.getUploadURLExternal", status=503)
    with connected_desk(world) as desk:
        desk.slack.click(anna, ts_of(faces[0]), "look_closer")
        desk.slack.wait_for(lambda: words.LOOK_CLOSER_FAILED in str(front(desk, anna).content))


@pytest.mark.rule("look-closer", "pictures-kept-for-a-while")
def test_a_closer_look_says_which_photos_are_no_longer_kept(world: World) -> None:
    faces, (anna, *_) = asked_together(world), world.slack.people
    for face in faces:  # of faces that were reopened after that
        Face.note(face.id, pictures_gone_at=1.0)
    with connected_desk(world) as desk:
        desk.slack.click(anna, ts_of(faces[0]), "look_closer")
        desk.slack.wait_for(lambda: words.LOOK_CLOSER_WAIT not in str(front(desk, anna).content))
        assert str(front(desk, anna).content).count(words.LOOK_CLOSER_GONE) == len(faces)


@pytest.mark.rule("undo-some")
def test_in_a_message_of_several_it_is_asked_which_got_the_wrong_person(world: World) -> None:
    faces, people = asked_together(world), world.slack.people
    say(world, faces[0], people[2], *people[:2])
    with connected_desk(world) as desk:
        act = desk.slack.click(people[0], ts_of(faces[0]), "wrong_person")
        assert act.acknowledged
        view = front(desk, people[0])
        assert view.content["callback_id"] == "wrong_person"
        assert list(boxes(view, "wrong_ones")) == [face.id for face in faces]
        assert world.messages(QueueName.FACE_UNDO) == []
        wrong = (faces[0].id, faces[2].id)
        assert desk.slack.submit(people[0], view.id, {"wrong_ones": list(wrong)}).acknowledged
    assert world.messages(QueueName.FACE_UNDO) == [
        FaceReopened(face_id=face_id, round=1, by=people[0], channel=world.slack.channel, together=wrong)
        for face_id in wrong
    ]


@pytest.fixture(name="guest")
def _guest(world: World) -> str:
    return world.slack.set_member(world.slack.people[0], is_restricted=True).id


@pytest.mark.rule("who-has-a-say")
@pytest.mark.parametrize("action", ["not_all_the_same", "look_closer"])
def test_a_guest_is_told_that_they_have_no_say(world: World, guest: str, action: str) -> None:
    faces = asked_together(world)
    with connected_desk(world) as desk:
        assert desk.slack.click(guest, ts_of(faces[0]), action).acknowledged
        desk.slack.wait_for_ephemeral(guest, lambda message: message.text == words.NO_SAY)
        assert desk.slack.views(guest) == []


@pytest.mark.parametrize("action", ["not_all_the_same", "look_closer"])
def test_on_a_message_that_asks_about_nothing_any_more_the_member_is_told(world: World, action: str) -> None:
    faces, (anna, *_) = asked_together(world), world.slack.people
    world.slack.fail("chat.update", status=503, times=None)
    for face in faces:  # and Slack still shows the controls
        assert ask_again(face.id, 1, State.OPEN, by=None)
    with connected_desk(world) as desk:
        assert desk.slack.click(anna, ts_of(faces[0]), action).acknowledged
        desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.ASKED_ELSEWHERE)
        assert desk.slack.views(anna) == []


@pytest.mark.rule("click-on-closed-face")
@pytest.mark.parametrize("action", ["not_all_the_same", "look_closer"])
def test_on_a_message_whose_faces_are_closed_the_member_is_told_so(world: World, action: str) -> None:
    faces, (anna, ben, chiara, *_) = asked_together(world), world.slack.people
    with connected_desk(world) as desk:
        with desk.shown_too_long(ts_of(faces[0])):
            say(world, faces[0], chiara, anna, ben)
        assert {fresh(face).state for face in faces} == {"tagged"}
        assert desk.slack.click(anna, ts_of(faces[0]), action).acknowledged
        desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.CLOSED)
        assert desk.slack.views(anna) == []


@pytest.mark.rule("click-on-closed-face", "forget-stays")
@pytest.mark.parametrize("action", ["not_all_the_same", "look_closer"])
def test_where_the_people_in_them_were_forgotten_the_member_is_told_so(world: World, action: str) -> None:
    faces, (anna, ben, chiara, *_) = asked_together(world), world.slack.people
    ts = ts_of(faces[0])
    with connected_desk(world) as desk:
        with desk.shown_too_long(ts):
            say(world, faces[0], chiara, anna, ben)
            forget(world, chiara)
        assert desk.slack.click(anna, ts, action).acknowledged
        desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.FORGOTTEN)
        assert desk.slack.views(anna) == []


@pytest.mark.rule("admins-only", "undo-some")
def test_who_is_an_admin_no_longer_when_they_submit_it_changes_nothing_and_is_told_so(world: World) -> None:
    faces, people = asked_together(world), world.slack.people
    say(world, faces[0], people[2], *people[:2])
    with connected_desk(world) as desk:
        desk.slack.click(people[0], ts_of(faces[0]), "wrong_person")
        view = front(desk, people[0])
    with connected_desk(world, admins=frozenset({people[1]})) as desk:
        assert desk.slack.submit(people[0], view.id, {"wrong_ones": [faces[0].id]}).acknowledged
        [shown] = desk.slack.views(people[0])
        assert shown.errors == {"wrong_ones": words.ADMINS_ONLY}
    assert world.messages(QueueName.FACE_UNDO) == []
    assert {fresh(face).state for face in faces} == {"tagged"}


@pytest.mark.rule("without-admins", "undo-some")
@pytest.mark.parametrize("is_member", [True, False])
def test_in_a_channel_that_tags_no_more_only_members_of_the_new_one_may_submit_it(
    world: World, is_member: bool
) -> None:
    faces, (anna, *others) = asked_together(world), world.slack.people
    say(world, faces[0], others[1], anna, others[0])
    ours = world.slack.channel
    world.slack.set_channel("C0OLD00001", name="old", members=[anna, *others, world.slack.bot_user])
    asked, opened = RequestId(faces[0].id, 1), Opened("1.0", "C0OLD00001", 1.0, 1.0)
    numbered = [Numbered(face.id, 1, number) for number, face in enumerate(faces, 1)]
    with connected_desk(world) as desk:
        act = desk.slack.slash(anna, "/facetag", "help")
        form = wrong_ones_modal(asked, opened, numbered, None)
        shown = desk.client.views_open(trigger_id=act.payload["trigger_id"], view=form)["view"]["id"]
        if not is_member:
            desk.slack.set_channel(ours, members=[*others, world.slack.bot_user])
        assert desk.slack.submit(anna, str(shown), {"wrong_ones": [faces[0].id]}).acknowledged
        assert desk.slack.views(anna) == []
        if is_member:
            desk.slack.wait_for(lambda: world.queues["face-undo"].counts().ready)
        else:
            desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.ADMINS_ONLY)
    assert len(world.messages(QueueName.FACE_UNDO)) == is_member


@pytest.mark.rule("every-interaction-acknowledged")
def test_a_submission_that_leaves_its_boxes_out_ticks_none() -> None:
    carried = {"face_id": "f", "round": 1, "channel": "C1", "clicked_at": 1.0, "received": 1.0, "rounds": {}}
    states: list[Any] = [{"values": {}}, {}, None, {"values": {"odd_ones": {}, "wrong_ones": {}}}]
    for state in states:
        view = {"private_metadata": json.dumps(carried), "state": state}
        body = {"user": {"id": "U1"}, "view": view}
        assert not_all_the_same.parse(body, 2.0).odd_ones == ()
        assert wrong_person.parse(body) == []


@pytest.mark.rule("answer-not-stored-is-told")
def test_what_cannot_be_stored_stays_in_the_modal_with_a_word(world: World) -> None:
    faces, (anna, *_) = asked_together(world), world.slack.people
    with connected_desk(world) as desk:
        desk.slack.click(anna, ts_of(faces[0]), "not_all_the_same")
        view = front(desk, anna)
        world.queues[QueueName.FACE_SPLIT].close()
        assert desk.slack.submit(anna, view.id, {"odd_ones": [faces[1].id]}).acknowledged
        [shown] = desk.slack.views(anna)
        assert shown.errors == {"odd_ones": words.NOT_STORED}
