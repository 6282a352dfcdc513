"""WrongPerson: a tagged face is reopened, by whoever may."""

import pytest

from tagbot.database.models.faces import Face
from tagbot.messages import FaceReopened
from tagbot.slack import words
from tests.handlers.conftest import SLOW_DISK, Desk, connected_desk
from tests.world import World


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
    act = desk.slack.click(anna, face.message_ts or "", "wrong_person")
    assert (act.acknowledged, act.error) == (True, None)
    assert desk.world.messages("face-undo") == [FaceReopened(face_id=face.id, round=1, by=anna)]
    [(_, stored_at)] = desk.stored
    assert stored_at <= (act.acknowledged_at or 0.0)


@pytest.mark.rule("admins-only")
@pytest.mark.parametrize("allowed", [True, False])
def test_with_admins_only_they_can_reopen_and_others_are_told_so(world: World, allowed: bool) -> None:
    anna, ben = world.slack.people[:2]
    face = tagged(world)
    with connected_desk(world, admins=frozenset({anna if allowed else ben})) as desk:
        act = desk.slack.click(anna, face.message_ts or "", "wrong_person")
        assert act.acknowledged
        if not allowed:
            desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.ADMINS_ONLY)
    assert len(world.messages("face-undo")) == allowed
    assert (world.slack.message(face.message_ts or "").text == words.ADMINS_ONLY) is False
