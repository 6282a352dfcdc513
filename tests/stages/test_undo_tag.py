"""UndoTag: a face that got the wrong person is asked about again."""

from typing import Any

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.requests import stale_in_slack
from tagbot.database.models.rounds import PastRound, ask_again
from tagbot.database.models.vectors import ModelVectors, TrainedVector
from tagbot.errors import Retry
from tagbot.messages import FaceReopened, FaceStored
from tagbot.slack import words
from tagbot.stages.undo_tag import undo_tag
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import SpecialAnswer
from tests.recogniser import a_recogniser
from tests.stages.scenes import (
    MakeWorld,
    controls,
    drain_until,
    fresh,
    person_of,
    requests,
    say,
    seen,
    shown,
    tagged,
    votes,
    with_backend,
    words_of,
)
from tests.world import World, request_of, ts_of


def reopened(face: Face, by: str) -> FaceReopened:
    """That somebody said that it is the wrong person."""
    return FaceReopened(face_id=face.id, round=face.round, by=by)


def work(world: World, message: FaceReopened) -> list[FaceStored]:
    """The stage alone, on one message."""
    return list(undo_tag(message, world.services))


# --- It works -------------------------------------------------------------------------------------------


@pytest.mark.rule("undo-forgets")
def test_the_face_leaves_the_model_its_votes_go_and_it_waits_to_be_asked_again(
    world: World, people: list[str]
) -> None:
    face = tagged(world, people[2])
    assert TrainedVector.select().count() == 1
    assert work(world, reopened(face, people[3])) == [FaceStored(face_id=face.id, round=2)]
    row = fresh(face)
    assert (row.state, row.round, row.request, row.person) == ("waiting", 2, None, None)
    assert (row.face_ref, row.person_ref, row.training_backend, row.tagged_at) == (None, None, None, None)
    assert TrainedVector.select().count() == 0
    assert votes(face) == {}


@pytest.mark.rule("old-message-closed")
def test_the_old_message_says_who_reopened_it_and_has_no_controls(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    work(world, reopened(face, people[3]))
    old = world.slack.message(ts_of(face))
    assert words.reopened(people[3]) in old.text
    assert words.reopened(people[3]) in words_of(old)
    assert words.mention(people[3]) in old.text
    assert words.small_print(face.id) in old.text
    assert controls(old) == set()
    assert "Chiara" not in seen(old), "nothing nudges the next round"


@pytest.mark.rule("asked-again", "request-metadata")
def test_it_is_asked_about_again_in_a_new_message(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    world.publish(reopened(face, people[3]))
    world.drain()
    old, new = requests(world)
    assert (old.ts, new.ts) == (ts_of(face), ts_of(fresh(face)))
    assert new.metadata
    assert new.metadata["event_payload"] == {
        "face_id": face.id,
        "round": 2,
        "face_ids": [face.id],
    }
    assert "tag_person" in controls(new)
    say(world, face, people[4], *people[:2])
    assert person_of(face) == people[4]
    assert "Tagged as Elif" in shown(world, face).text
    assert words.reopened(people[3]) in world.slack.message(old.ts).text
    (vector,) = TrainedVector.select()
    assert vector.person_ref == Person.get(Person.slack_id == people[4]).id


def test_a_face_that_was_not_sent_to_the_model_is_reopened_too(make_world: MakeWorld) -> None:
    world = make_world(MAX_FACES_PER_PERSON="1")
    person = world.slack.people[2]
    first, second = tagged(world, person), tagged(world, person)
    assert fresh(second).reason == "person_full"
    work(world, reopened(second, world.slack.people[0]))
    assert (fresh(second).state, fresh(second).reason) == ("waiting", None)
    assert [vector.face_id for vector in TrainedVector.select()] == [first.id]


def test_a_reopened_face_waits_for_a_place_like_all_others(make_world: MakeWorld) -> None:
    world = make_world(MAX_OPEN_REQUESTS="1")
    face = tagged(world, world.slack.people[2])
    other = world.face(posted=True)
    assert other.state == "open"
    world.publish(reopened(face, world.slack.people[3]))
    world.drain()
    assert fresh(face).state == "waiting"
    say(world, other, SpecialAnswer.NOT_A_FACE, *world.slack.people[:2])
    assert fresh(face).state == "open"


@pytest.mark.rule("asked-again")
def test_a_face_that_is_reopened_twice_and_tagged_the_third_time(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    for chosen in (people[3], people[4]):
        world.publish(reopened(fresh(face), people[0]))
        world.drain()
        say(world, face, chosen, *people[1:3])
    row = fresh(face)
    assert (row.state, row.round, person_of(face)) == ("tagged", 3, people[4])
    assert votes(face) == {people[1]: people[4], people[2]: people[4]}
    (vector,) = TrainedVector.select()
    assert vector.person_ref == Person.get(Person.slack_id == people[4]).id
    messages = requests(world)
    assert [message.metadata["event_payload"]["round"] for message in messages if message.metadata] == [
        1,
        2,
        3,
    ]
    assert ["reopened" in message.text for message in messages] == [True, True, False]
    assert [controls(message) for message in messages] == [set(), set(), {"wrong_person"}]


@pytest.mark.rule("answers-of-their-round")
def test_answers_to_an_old_message_do_not_count_in_the_new_round(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    old = [world.answer(face, tagger, people[4]) for tagger in people[:2]]
    world.publish(reopened(face, people[3]))
    world.drain()
    for answer in old:
        world.publish(answer)
    world.drain()
    assert (fresh(face).state, votes(face)) == ("open", {})
    assert world.told(people[0]) == [words.ASKED_ELSEWHERE]


# --- Twice is harmless ----------------------------------------------------------------------------------


def test_twice_is_harmless(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    message = reopened(face, people[3])
    first = work(world, message)
    assert work(world, message) == first
    assert fresh(face).round == 2
    assert PastRound.select().count() == 1
    for output in first * 2:
        world.publish(output)
        world.drain()
    assert len(requests(world)) == 2
    assert world.told(people[3]) == []
    world.publish(message)
    world.drain()
    assert (fresh(face).round, len(requests(world))) == (2, 2)


def test_a_crash_after_the_face_left_the_model_goes_on_from_there(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    ModelVectors().delete(face.id)  # out of the model, and then the bot dies
    assert work(world, reopened(face, people[3])) == [FaceStored(face_id=face.id, round=2)]
    assert TrainedVector.select().count() == 0


@pytest.mark.rule("told-again-harmless")
def test_a_repetition_leaves_the_answers_of_the_new_round_alone(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    message = reopened(face, people[3])
    world.publish(message)
    world.drain()
    say(world, face, people[4], people[0])
    work(world, message)
    assert votes(face) == {people[0]: people[4]}
    say(world, face, people[4], people[1])
    work(world, message)
    assert person_of(face) == people[4]
    assert TrainedVector.select().count() == 1


@pytest.mark.rule("undo-once")
def test_who_comes_second_is_told_that_it_is_no_longer_tagged(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    work(world, reopened(face, people[3]))
    assert work(world, reopened(face, people[4])) == []
    assert world.told(people[4]) == [words.NOT_TAGGED]
    assert fresh(face).round == 2
    assert words.mention(people[3]) in world.slack.message(ts_of(face)).text


@pytest.mark.rule("click-on-closed-face")
@pytest.mark.parametrize("state", ["open", "training", "rejected"])
def test_a_face_that_is_not_tagged_stays_as_it_is(world: World, people: list[str], state: str) -> None:
    face = world.face(posted=True)
    Face.update(state=state).where(Face.id == face.id).execute()
    assert work(world, reopened(face, people[3])) == []
    assert (fresh(face).state, fresh(face).round) == (state, 1)
    assert world.told(people[3]) == [words.NOT_TAGGED]


def test_an_unknown_face_is_told_too(world: World, people: list[str]) -> None:
    assert work(world, FaceReopened(face_id="0" * 36, by=people[3])) == []
    assert world.told(people[3]) == [words.NOT_TAGGED]


# --- Retry ----------------------------------------------------------------------------------------------


@pytest.mark.ci
@pytest.mark.parametrize(
    ("fault", "after"),
    [
        ({"status": 429, "retry_after": 6}, 6.0),
        ({"status": 500}, None),
        ({"reset": True, "effect": True}, None),
        ({"error": "missing_scope"}, None),
    ],
    ids=str,
)
def test_the_old_message_is_changed_later_when_slack_cannot_do_it_now(
    world: World, people: list[str], fault: dict[str, Any], after: float | None
) -> None:
    face = tagged(world, people[2])
    world.slack.fail("chat.update", **fault)
    with pytest.raises(Retry) as why:
        work(world, reopened(face, people[3]))
    assert why.value.after == after
    assert face.request_id in stale_in_slack()
    world.publish(reopened(face, people[3]))
    if after is None:
        drain_until(world, lambda: fresh(face).state == "open")
        assert words.reopened(people[3]) in world.slack.message(ts_of(face)).text
        assert len(requests(world)) == 2


def test_a_model_that_cannot_be_changed_now_leaves_the_face_tagged(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    broken = Unreachable(ModelVectors(), a_recogniser())
    with pytest.raises(Retry):
        work(with_backend(world, broken), reopened(face, people[3]))
    assert (fresh(face).state, len(votes(face))) == ("tagged", 2)
    assert "Tagged as" in shown(world, face).text
    work(world, reopened(face, people[3]))
    assert fresh(face).state == "waiting"


class Unreachable(LocalBackend):
    """A backend behind a network that is down."""

    def remove_face(self, *_: Any, **__: Any) -> None:
        raise Retry("no network")


class Overtaken(LocalBackend):
    """A backend that works on the face while somebody has it sent to the model anyway."""

    def remove_face(self, face_id: str, *where: Any, **how: Any) -> None:
        super().remove_face(face_id, *where, **how)
        assert Face.move(face_id, 1, "tagged", "training")


def test_a_face_that_is_sent_to_the_model_meanwhile_is_reopened_afterwards(
    world: World, people: list[str]
) -> None:
    face = tagged(world, people[2])
    with pytest.raises(Retry):
        work(with_backend(world, Overtaken(ModelVectors(), a_recogniser())), reopened(face, people[3]))
    assert Face.move(face.id, 1, "training", "tagged")
    assert work(world, reopened(face, people[3])) == [FaceStored(face_id=face.id, round=2)]
    assert fresh(face).state == "waiting"


def test_a_late_update_of_the_old_round_hides_nothing_of_the_new_one(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    # Slack is slow to show a change of round one, and meanwhile the face is reopened and asked about again.
    world.slack.fail("chat.update", delay=0.4)
    Face.changed(Face.id == face.id)
    world.services.updates.show_soon(request_of(face).id)
    world.slack.wait_for(lambda: [call for call in world.slack.calls("chat.update") if call.fault])
    assert ask_again(face.id, 1, "tagged", by=people[3])
    world.publish(FaceStored(face_id=face.id, round=2))
    world.drain()
    assert words.reopened(people[3]) in world.slack.message(ts_of(face)).text
    say(world, face, people[4], people[0])
    assert words.mention(people[0]) in shown(world, face).text
