"""WrongPerson: a tagged face is reopened, by whoever may."""

from pathlib import Path

import pytest

from tagbot.database.models.faces import Face
from tagbot.messages import FaceReopened
from tagbot.sandbox.driver import Slack
from tagbot.slack import words
from tagbot.training.local import LocalBackend
from tests.handlers.conftest import SLOW_DISK, Desk, connected_desk
from tests.world import World, a_world, ts_of


def tagged(world: World) -> Face:
    """A face that people agreed about."""
    face, people = world.face(posted=True), world.slack.people
    for tagger in people[:2]:
        world.publish(world.answer(face, tagger, people[2]))
    world.drain()
    return Face.get_by_id(face.id)


@pytest.mark.rule("wrong-person")
def test_a_click_puts_one_message_on_the_queue_before_slack_is_acknowledged(desk: Desk) -> None:
    face, anna = tagged(desk.world), desk.slack.people[0]
    desk.disk_seconds = SLOW_DISK
    act = desk.slack.click(anna, ts_of(face), "wrong_person")
    assert (act.acknowledged, act.error) == (True, None)
    assert desk.world.messages("face-undo") == [
        FaceReopened(face_id=face.id, round=1, by=anna, channel=desk.slack.channel)
    ]
    [(_, stored_at)] = desk.stored
    assert stored_at <= (act.acknowledged_at or 0.0)


@pytest.mark.rule("admins-only")
@pytest.mark.parametrize("allowed", [True, False])
def test_with_admins_only_they_can_reopen_and_others_are_told_so(world: World, allowed: bool) -> None:
    anna, ben = world.slack.people[:2]
    face = tagged(world)
    with connected_desk(world, admins=frozenset({anna if allowed else ben})) as desk:
        act = desk.slack.click(anna, ts_of(face), "wrong_person")
        assert act.acknowledged
        if not allowed:
            desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.ADMINS_ONLY)
    assert len(world.messages("face-undo")) == allowed
    assert (world.slack.message(ts_of(face)).text == words.ADMINS_ONLY) is False


@pytest.mark.rule("without-admins")
@pytest.mark.parametrize("is_member", [True, False])
def test_in_a_channel_that_tags_no_more_only_members_of_the_new_one_may(
    tmp_path: Path, stand_in: Slack, recogniser: LocalBackend, is_member: bool
) -> None:
    anna, *others = stand_in.people
    members = [*([anna] if is_member else others), stand_in.bot_user]
    stand_in.set_channel("C0NEW00001", name="new", members=members)
    with a_world(tmp_path, stand_in, recogniser) as world:
        face = tagged(world)
    with (
        a_world(tmp_path, stand_in, recogniser, SLACK_CHANNEL="C0NEW00001") as world,
        connected_desk(world) as desk,
    ):
        assert desk.slack.click(anna, ts_of(face), "wrong_person").acknowledged
        if is_member:
            stand_in.wait_for(lambda: world.queues["face-undo"].counts().ready)
        else:
            stand_in.wait_for_ephemeral(anna, lambda message: message.text == words.ADMINS_ONLY)
        assert len(world.messages("face-undo")) == is_member
