"""Retry: dead letters go back (all, of one queue, of one face), and a rejected face is asked about again."""

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.rounds import PastRound
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.maintenance.redrive import NothingOfThatName, Retried, retry
from tagbot.messages import FaceFound, FaceStored, PersonAdded
from tagbot.queues import Counts
from tagbot.slack.lost_requests import ask_lost_again
from tagbot.slack.words import REJECTED as REASONS
from tagbot.vocabulary import RejectionReason, State
from tests.stages.scenes import fresh
from tests.world import World, ts_of


def bury(world: World, queue: str) -> None:
    while (delivery := world.queues[queue].get(0)) is not None:
        delivery.bury("Slack is away")


def two_dead_faces(world: World) -> tuple[Face, Face]:
    """Three dead letters: two of one face in two queues, one of another."""
    first, second = world.face(), world.face()
    world.publish(FaceStored(face_id=first.id))
    world.publish(FaceStored(face_id=second.id))
    world.publish(world.answer(first, "U1", "U2"))
    bury(world, "images-in-db")
    bury(world, "face-tagging")
    return first, second


def dead(world: World) -> dict[str, int]:
    return {name: queue.counts().dead for name, queue in world.queues.items() if queue.counts().dead}


@pytest.mark.rule("retry-puts-back", "retry-all")
@pytest.mark.parametrize("target", ["", "all"])
def test_all_dead_letters_go_back(world: World, target: str) -> None:
    two_dead_faces(world)
    done = retry(world.queues, target)
    assert done == Retried({"images-in-db": 2, "face-tagging": 1})
    assert done.in_words() == "3 messages are tried again.\nimages-in-db: 2\nface-tagging: 1"
    assert dead(world) == {}
    assert world.queues["images-in-db"].counts() == Counts(ready=2)


@pytest.mark.rule("retry-puts-back")
def test_those_of_one_queue_go_back(world: World) -> None:
    two_dead_faces(world)
    assert retry(world.queues, "face-tagging") == Retried({"face-tagging": 1})
    assert dead(world) == {"images-in-db": 2}


@pytest.mark.rule("retry-puts-back")
def test_those_of_one_face_go_back_whatever_queue_they_are_in(world: World) -> None:
    first, second = two_dead_faces(world)
    assert retry(world.queues, first.id.upper()) == Retried({"images-in-db": 1, "face-tagging": 1})
    assert dead(world) == {"images-in-db": 1}
    [delivery] = [world.queues["images-in-db"].get(0)]
    assert delivery is not None
    assert delivery.body["face_id"] == first.id != second.id


def test_a_dead_letter_that_went_back_is_worked_on(world: World) -> None:
    face = world.face()
    world.publish(FaceStored(face_id=face.id))
    bury(world, "images-in-db")
    retry(world.queues, "all")
    world.drain()
    assert Face.get_by_id(face.id).state == State.OPEN


def test_without_dead_letters_nothing_is_tried_again(world: World) -> None:
    assert retry(world.queues, "all").in_words() == "0 messages are tried again."


@pytest.mark.rule("retry-asks-again")
@pytest.mark.parametrize("reason", sorted(REASONS))
def test_a_rejected_face_is_asked_about_again_whatever_the_reason(world: World, reason: str) -> None:
    size = 30 if reason == "too_small" else 91
    face = world.face(posted=True, size=size)
    if reason != "too_small":
        with writing():
            Vote.put(face_id=face.id, tagger="U1", answer="dont_know", round=1, at=1.0)
            Face.move(face.id, 1, State.OPEN, State.REJECTED, reason=reason)
        world.show()
    assert Face.get_by_id(face.id).state == State.REJECTED

    done = retry(world.queues, face.id)
    assert (done.asked_again, done.in_words()) == (True, "1 face is asked about again.")
    world.drain()
    again = Face.get_by_id(face.id)
    assert (again.state, again.round, again.reason) == (State.OPEN, 2, None)
    assert Vote.of(face.id) == []
    payloads = [(message.metadata or {}).get("event_payload") for message in world.slack.messages()]
    assert payloads.count({"face_id": face.id, "round": 2, "face_ids": [face.id]}) == 1
    if reason != "too_small":
        assert "reopened" in world.slack.message(ts_of(face)).text
        past = PastRound.get().request
        assert past.shown_revision == past.revision


@pytest.mark.rule("retry-asks-again")
def test_the_machine_looks_anew_at_a_face_that_is_asked_about_again(world: World) -> None:
    face = world.face(posted=True)
    Face.move(face.id, 1, State.OPEN, State.REJECTED, reason=RejectionReason.UNANSWERED)
    retry(world.queues, face.id)
    [delivery] = [world.queues["face-found"].get(0)]
    assert delivery is not None
    assert (delivery.body["face_id"], delivery.body["round"]) == (face.id, 2)
    assert Face.get_by_id(face.id).pending == FaceFound(face_id=face.id, round=2).id


@pytest.mark.rule("retry-both")
def test_a_face_that_is_retried_twice_is_asked_about_once_more_only(world: World) -> None:
    face = world.face(posted=True, size=30)
    assert retry(world.queues, face.id).asked_again
    assert not retry(world.queues, face.id).asked_again
    world.drain()
    assert Face.get_by_id(face.id).round == 2
    assert len(world.slack.messages()) == 1


@pytest.mark.parametrize("state", [State.WAITING, State.OPEN, State.TAGGED])
def test_only_a_rejected_face_is_asked_about_again(world: World, state: str) -> None:
    face = world.face()
    with writing():
        Face.update(state=state).where(Face.id == face.id).execute()
    assert retry(world.queues, face.id) == Retried({})
    assert Face.get_by_id(face.id).state == state


@pytest.mark.parametrize(
    "target", ["nothing", "images-in-dbs", "0b7e7a52-3a4c-4b0e-9f5d-000000000000", "inbox"]
)
def test_what_is_neither_a_queue_nor_a_face_is_told_so(world: World, target: str) -> None:
    with pytest.raises(NothingOfThatName):
        retry(world.queues, target)


def test_a_dead_letter_about_a_person_goes_back_with_its_queue(world: World) -> None:
    world.publish(PersonAdded(person_id="P"))
    bury(world, "face-enrich-user")
    assert retry(world.queues, "face-enrich-user") == Retried({"face-enrich-user": 1})


@pytest.mark.rule("lost-request-asked-again")
def test_a_face_whose_request_is_lost_is_asked_about_again_at_once(world: World) -> None:
    face, kept = world.face(posted=True), world.face(posted=True)
    channel, rule = world.services.slack.channel, world.settings.rule
    world.slack.delete(ts_of(face))
    for which, asked in ((kept, False), (face, True), (face, False)):
        done = retry(world.queues, which.id, ask_lost=lambda face: ask_lost_again([face], channel, rule))
        assert bool(done.asked_again) is asked
    world.drain()
    again = [(each.round, each.state) for each in map(fresh, (face, kept))]
    assert again == [(2, State.OPEN), (1, State.OPEN)]
    assert len(world.slack.messages()) == 2


@pytest.mark.rule("lost-request-asked-again")
def test_a_retry_says_so_when_slack_does_not_let_it_look(world: World) -> None:
    face = world.face(posted=True)
    world.slack.fail("conversations.history", error="not_in_channel")
    channel, rule = world.services.slack.channel, world.settings.rule
    done = retry(world.queues, face.id, ask_lost=lambda face: ask_lost_again([face], channel, rule))
    assert "Slack: nothing, as conversations.history: not_in_channel" in done.in_words()
