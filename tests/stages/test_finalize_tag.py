"""FinalizeTag: the face is tagged, and its request says as whom."""

import pytest
from slack_sdk import WebClient

from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.requests import stale_in_slack
from tagbot.errors import Reject, Retry
from tagbot.messages import FaceStored, FaceTagged, PersonAdded, TrainingSent
from tagbot.slack import words
from tagbot.stages.enrich_user import enrich_user
from tagbot.stages.finalize_tag import finalize_tag
from tagbot.stages.send_face_for_training import send_face_for_training
from tests.stages.scenes import (
    MakeWorld,
    agreed,
    controls,
    drain_until,
    fresh,
    person_of,
    requests,
    seen,
    shown,
    votes,
    words_of,
)
from tests.world import World, ts_of


def trained(world: World, person: str) -> Face:
    """A face that the backend has learned; nobody has read the person's profile yet."""
    face = agreed(world, person)
    list(send_face_for_training(FaceTagged(face_id=face.id, cause="U1:1.0"), world.services))
    return fresh(face)


def work(world: World, face: Face) -> list[FaceStored]:
    """The stage alone, on the face's message."""
    return list(finalize_tag(TrainingSent(face_id=face.id, round=face.round), world.services))


@pytest.mark.rule("tagged-message")
def test_the_face_gets_its_person_and_the_request_says_who(world: World, people: list[str]) -> None:
    face = trained(world, people[2])
    assert work(world, face) == []
    row = fresh(face)
    assert (row.state, person_of(face)) == ("tagged", people[2])
    assert row.tagged_at == pytest.approx(world.services.now(), abs=5)
    message = world.slack.message(ts_of(row))
    assert f"Tagged as {words.mention(people[2])}" in message.text
    assert controls(message) == {"wrong_person"}
    assert len(votes(face)) == 2, "votes are kept for the export"


def test_slack_shows_it_when_the_stage_is_done(world: World, people: list[str]) -> None:
    face = trained(world, people[2])
    work(world, face)
    assert stale_in_slack() == []


@pytest.mark.rule("name-once-known")
def test_a_mention_stands_until_the_name_is_known(world: World, people: list[str]) -> None:
    face = trained(world, people[2])
    work(world, face)
    assert words.mention(people[2]) in shown(world, face).text
    enrich(world)
    message_now = shown(world, face)
    assert "Tagged as Chiara De Luca" in message_now.text
    assert "Tagged as Chiara De Luca" in words_of(message_now)
    assert len(requests(world)) == 1


@pytest.mark.parametrize(
    "name",
    [
        "<!channel>",
        "Tom & Jerry <b>",
        "*Ann* _Lee_",
        "~gone~ `code`",
        ":tada:",
        "@here <@U0BEN00002>",
        ">quote",
    ],
)
def test_a_name_is_shown_letter_by_letter(world: World, people: list[str], name: str) -> None:
    world.slack.set_member(people[2], real_name=name)
    face = trained(world, people[2])
    enrich(world)
    work(world, face)
    message = shown(world, face)
    (headline,) = [block["text"] for block in message.blocks if block["type"] == "section"]
    assert headline == {"type": "plain_text", "text": f"Tagged as {name}", "emoji": False}
    assert f"Tagged as {words.escaped(name)}" in message.text
    assert "<!" not in message.text.replace("&lt;!", "")


def enrich(world: World) -> None:
    """Read the profile of the only person."""
    enrich_user(PersonAdded(person_id=Person.get().id), world.services)


@pytest.mark.rule("open-requests-limited")
def test_the_next_face_that_waits_is_let_in(make_world: MakeWorld) -> None:
    world = make_world(MAX_OPEN_REQUESTS="1")
    face = trained(world, world.slack.people[2])
    next_one = world.face(posted=True)
    assert next_one.state == "waiting"
    assert work(world, face) == [FaceStored(face_id=next_one.id)]
    assert fresh(next_one).pending == FaceStored(face_id=next_one.id).id


def test_twice_is_harmless(world: World, people: list[str]) -> None:
    face = trained(world, people[2])
    work(world, face)
    row, updates = fresh(face), len(world.slack.calls("chat.update"))
    world.offset = 100
    assert work(world, face) == []
    assert fresh(face).tagged_at == row.tagged_at
    assert len(world.slack.calls("chat.update")) == updates


def test_a_message_of_an_earlier_round_changes_nothing(world: World, people: list[str]) -> None:
    face = trained(world, people[2])
    list(finalize_tag(TrainingSent(face_id=face.id, round=0), world.services))
    assert fresh(face).state == "training"


@pytest.mark.rule("second-training")
def test_a_repetition_does_not_finish_a_second_training_that_has_no_answer_yet(
    world: World, people: list[str]
) -> None:
    face = trained(world, people[2])
    work(world, face)
    # An admin has it sent to the model anyway, and the backend is busy.
    nothing_noted = {"state": "training", "face_ref": None, "reason": None, "claimed_by": "anyway"}
    Face.update(**nothing_noted).where(Face.id == face.id).execute()
    work(world, face)
    assert fresh(face).state == "training"


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        ({"status": 429, "retry_after": 6}, 6.0),
        ({"status": 502}, None),
        ({"reset": True}, None),
        ({"reset": True, "effect": True}, None),
        ({"error": "missing_scope"}, None),
        ({"error": "not_in_channel"}, None),
    ],
    ids=str,
)
def test_a_tagged_face_is_shown_later_when_slack_cannot_show_it_now(
    world: World, people: list[str], fault: dict[str, object], after: float | None
) -> None:
    face = trained(world, people[2])
    world.show()
    world.slack.fail("chat.update", **fault)
    with pytest.raises(Retry) as why:
        work(world, face)
    assert why.value.after == after
    assert fresh(face).state == "tagged"
    assert len(votes(face)) == 2
    if after is None:
        work(world, face)
        assert "Tagged as" in world.slack.message(ts_of(face)).text


def test_a_retry_through_the_queue_shows_it_in_the_end(world: World, people: list[str]) -> None:
    face = trained(world, people[2])
    world.show()
    world.slack.fail("chat.update", status=503, times=2)
    world.publish(TrainingSent(face_id=face.id))
    drain_until(world, lambda: "Tagged as" in seen(world.slack.message(ts_of(face))))


def test_an_update_that_slack_will_never_take_is_rejected_and_the_face_stays_tagged(
    world: World, people: list[str]
) -> None:
    face = trained(world, people[2])
    world.show()
    world.slack.fail("chat.update", error="invalid_blocks")
    with pytest.raises(Reject):
        work(world, face)
    assert fresh(face).state == "tagged"


def test_a_request_that_somebody_deleted_does_not_hold_the_tag_up(world: World, people: list[str]) -> None:
    face = trained(world, people[2])
    delete_message(world, ts_of(face))
    assert work(world, face) == []
    assert fresh(face).state == "tagged"
    assert stale_in_slack() == []


def delete_message(world: World, ts: str) -> None:
    """As a workspace's admin can."""
    client = WebClient(world.slack.bot_token, base_url=world.slack.api_url)
    client.chat_delete(channel=world.slack.channel, ts=ts)
