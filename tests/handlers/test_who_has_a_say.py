"""Who has a say: what a guest or a stranger does is acknowledged, changes nothing, and they are told so."""

from typing import Any

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.votes import Vote
from tagbot.slack import words
from tagbot.vocabulary import QueueName
from tests.handlers.conftest import Desk, connected_desk
from tests.handlers.test_wrong_person import tagged
from tests.world import World, ts_of

KINDS: dict[str, dict[str, Any]] = {
    "guest": {"is_restricted": True},
    "guest of one channel": {"is_ultra_restricted": True},
    "stranger": {"is_stranger": True, "team_id": "T0OTHER001"},
    "of another team": {"team_id": "T0OTHER001"},
}


@pytest.fixture(name="guest", params=KINDS)
def _guest(world: World, request: pytest.FixtureRequest) -> str:
    """Somebody in the channel who has no say."""
    return world.slack.set_member(world.slack.people[4], **KINDS[request.param]).id


def assert_told(desk: Desk, guest: str) -> None:
    """All that was put on a queue is worked off without a trace, and the guest hears why."""
    desk.world.drain()
    desk.slack.wait_for_ephemeral(guest, lambda message: message.text == words.NO_SAY)
    assert not any(desk.world.messages(queue) for queue in QueueName)
    assert Vote.select().where(Vote.tagger == guest).count() == 0


@pytest.mark.rule("who-has-a-say")
@pytest.mark.failure("no-say")
@pytest.mark.parametrize("action", ["tag_person", "not_a_face", "dont_know", "someone_else"])
def test_their_clicks_on_a_request(desk: Desk, guest: str, action: str) -> None:
    face = desk.request()
    where, before = ts_of(face), desk.slack.message(ts_of(face))
    if action == "tag_person":
        act = desk.slack.choose(guest, where, action, desk.slack.people[0])
    else:
        act = desk.slack.click(guest, where, action)
    assert (act.acknowledged, act.error) == (True, None)
    assert_told(desk, guest)
    assert desk.slack.views(guest) == []
    after = desk.slack.message(where)
    assert (after.text, after.blocks, after.history) == (before.text, before.blocks, before.history)


@pytest.mark.rule("who-has-a-say")
def test_a_form_that_they_opened_while_slack_did_not_tell_who_they_are(desk: Desk, guest: str) -> None:
    face = desk.request()
    desk.slack.fail("users.info", error="internal_error")
    desk.slack.click(guest, ts_of(face), "someone_else")
    view = desk.slack.wait_for_view(guest)
    act = desk.slack.submit(guest, view.id, {"name": "Zoë"})
    assert (act.acknowledged, act.error) == (True, None)
    assert desk.slack.views(guest) == []
    assert_told(desk, guest)


@pytest.mark.rule("who-has-a-say")
def test_their_click_on_wrong_person(world: World, guest: str) -> None:
    face = tagged(world)
    with connected_desk(world) as desk:
        act = desk.slack.click(guest, ts_of(face), "wrong_person")
        assert (act.acknowledged, act.error) == (True, None)
        assert_told(desk, guest)
    assert (Face.get_by_id(face.id).state, Face.get_by_id(face.id).round) == ("tagged", 1)


@pytest.mark.rule("who-has-a-say")
@pytest.mark.parametrize("named", [True, False])
def test_also_as_one_of_the_admins(world: World, guest: str, named: bool) -> None:
    face = tagged(world)
    with connected_desk(world, admins=frozenset({guest} if named else set())) as desk:
        desk.slack.click(guest, ts_of(face), "wrong_person")
        desk.slack.slash(guest, "/facetag", "retry")
        assert_told(desk, guest)
    assert Face.get_by_id(face.id).state == "tagged"


@pytest.mark.rule("who-has-a-say")
@pytest.mark.parametrize("text", ["status", "retry", "retry all", "retry face-tagging"])
def test_their_commands(desk: Desk, guest: str, text: str) -> None:
    act = desk.slack.slash(guest, "/facetag", text)
    assert (act.acknowledged, act.error) == (True, None)
    desk.slack.wait_for_ephemeral(guest, lambda message: message.text == words.NO_SAY)
    assert len(desk.slack.ephemerals(guest)) == 1


@pytest.mark.rule("who-has-a-say")
@pytest.mark.parametrize("text", ["help", "", "what is this?"])
def test_help_is_for_everybody(desk: Desk, guest: str, text: str) -> None:
    assert desk.slack.slash(guest, "/facetag", text).acknowledged
    desk.slack.wait_for_ephemeral(guest, lambda message: message.text == words.HELP)


@pytest.mark.rule("who-has-a-say")
def test_who_was_deactivated_before_their_answer_was_worked_on(world: World) -> None:
    face, anna = world.face(posted=True), world.slack.people[0]
    world.publish(world.answer(face, anna, world.slack.people[1]))
    world.slack.set_member(anna, deleted=True)
    world.drain()
    assert Vote.select().count() == 0
    assert world.told(anna) == [words.NO_SAY]


def test_slack_is_not_asked_before_it_is_acknowledged(desk: Desk) -> None:
    face, anna = desk.request(), desk.slack.people[0]
    before = len(desk.slack.calls())
    desk.slack.fail("users.info", times=None, hang=20.0)
    for action in ("not_a_face", "someone_else"):
        act = desk.slack.click(anna, ts_of(face), action)
        assert (act.acknowledged, (act.latency_ms or 0.0) < 1000) == (True, True)
    desk.slack.heal()
    assert {call.method for call in desk.slack.calls()[before:]} <= {"users.info", "views.open"}


def test_while_slack_does_not_say_who_somebody_is_the_status_is_told_and_nothing_is_retried(
    desk: Desk,
) -> None:
    anna = desk.slack.people[0]
    desk.slack.fail("users.info", times=None, error="internal_error")
    assert desk.slack.slash(anna, "/facetag", "status").acknowledged
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text.startswith("Faces: "))
    assert desk.slack.slash(anna, "/facetag", "retry").acknowledged
    desk.slack.wait_for_ephemeral(anna, lambda message: message.text == words.NOT_DONE)
