"""SendFaceForTraining: when people agree, the face goes to the training backend, once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.vectors import ModelVectors, TrainedVector
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected
from tagbot.errors import Reject, Retry
from tagbot.messages import ANYWAY, FaceTagged, Message, PersonAdded, TrainingRefused, TrainingSent
from tagbot.photos.image_keys import crop_key
from tagbot.queues import Counts
from tagbot.slack import words
from tagbot.stages.finalize_tag import finalize_tag
from tagbot.stages.send_face_for_training import send_face_for_training
from tagbot.training.backend import NotSent
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import NotSentReason, SpecialAnswer
from tests.recogniser import a_recogniser
from tests.stages.scenes import (
    MakeWorld,
    agreed,
    blur,
    controls,
    fresh,
    person_of,
    say,
    seen,
    shown,
    tagged,
    votes,
    with_backend,
)
from tests.world import World


def told(face: Face, cause: str = "U1:1.0") -> FaceTagged:
    """That a vote on the face was stored."""
    return FaceTagged(face_id=face.id, round=face.round, cause=cause)


def work(world: World, message: FaceTagged) -> list[Message]:
    """The stage alone, on one message."""
    return list(send_face_for_training(message, world.services))


def vote(world: World, face: Face, **answers: str) -> None:
    """Votes by keyword: `p0="U…"` is what the first person answered."""
    for who, answer in answers.items():
        tagger = world.slack.people[int(who[1:])]
        Vote.put(face_id=face.id, tagger=tagger, answer=answer, round=1, at=world.services.now())


# --- It works -------------------------------------------------------------------------------------------


@pytest.mark.rule("agreement-claims-once", "person-made-known")
def test_a_face_that_people_agree_on_is_learned_once(world: World, people: list[str]) -> None:
    face = agreed(world, people[2])
    outputs = work(world, told(face))
    row = fresh(face)
    person = Person.get()
    assert outputs == [PersonAdded(person_id=person.id), TrainingSent(face_id=face.id)]
    assert (row.state, row.person, row.claimed_by) == ("training", person, told(face).id)
    assert (row.training_backend, row.person_ref, row.face_ref) == ("local", person.id, face.id)
    assert person.training_ref == person.id
    (vector,) = TrainedVector.select()
    assert (vector.face_id, vector.person_ref) == (face.id, person.id)


@pytest.mark.rule("no-answers-in-training")
def test_while_it_is_learned_the_request_takes_no_answers_and_names_nobody(
    world: World, people: list[str]
) -> None:
    face = agreed(world, people[2])
    work(world, told(face))
    message = shown(world, face)
    assert words.LEARNING in message.text
    assert people[2] not in seen(message)
    assert "actions" not in [block["type"] for block in message.blocks]


@pytest.mark.rule("agreement-claims-once")
def test_one_vote_is_not_enough(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    vote(world, face, p0=people[2])
    assert work(world, told(face)) == []
    assert fresh(face).state == "open"
    assert TrainedVector.select().count() == 0


@pytest.mark.rule("one-answer-enough")
def test_one_vote_is_enough_where_one_is_required(make_world: MakeWorld) -> None:
    world = make_world(REQUIRED_VOTES="1")
    face = world.face(posted=True)
    say(world, face, world.slack.people[2], world.slack.people[0])
    assert person_of(face) == world.slack.people[2]


@pytest.mark.rule("differing-answers")
@pytest.mark.failure("readme-people-disagree")
def test_people_who_differ_keep_the_request_open_and_it_says_so(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    say(world, face, people[2], people[0])
    say(world, face, people[3], people[1])
    assert fresh(face).state == "open"
    assert "do not agree yet" in shown(world, face).text
    say(world, face, people[3], people[4])
    assert person_of(face) == people[3]


@pytest.mark.rule("surplus-answers")
def test_the_third_answer_where_two_were_needed_trains_nothing_more(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    answers = [world.answer(face, tagger, people[4]) for tagger in people[:3]]
    for answer in answers:
        world.publish(answer)
    world.drain()
    assert fresh(face).state == "tagged"
    assert len(votes(face)) == 3
    assert TrainedVector.select().count() == 1


def test_somebody_without_an_account_is_learned_too_and_has_no_profile_to_read(world: World) -> None:
    people = world.slack.people
    face = world.face(posted=True)
    for tagger, name in zip(people, ("Zoë Moon", "zoë  MOON"), strict=False):
        world.publish(world.answer(face, tagger, "", name=name))
    world.drain()
    row = fresh(face)
    assert row.person
    assert (row.state, row.person.name, row.person.slack_id) == ("tagged", "Zoë Moon", None)
    assert "Tagged as Zoë Moon" in shown(world, face).text
    assert TrainedVector.get().person_ref == row.person.id


# --- Nobody to tag --------------------------------------------------------------------------------------


@pytest.mark.rule("unusable-to-cleanup", "not-a-face")
def test_enough_people_who_see_no_face_have_it_closed_as_such(world: World) -> None:
    face = agreed(world, SpecialAnswer.NOT_A_FACE)
    assert work(world, told(face)) == [TrainingRefused(face_id=face.id, reason="not_a_face")]
    assert (fresh(face).state, fresh(face).person) == ("training", None)
    assert Person.select().count() == 0
    assert work(world, told(face)) == [TrainingRefused(face_id=face.id, reason="not_a_face")], "again"
    assert work(world, told(face, "U2:2.0")) == []


@pytest.mark.rule("unknown-person")
def test_when_enough_people_do_not_know_it_is_closed_as_unknown(world: World) -> None:
    face = world.face(posted=True)
    vote(world, face, p0=SpecialAnswer.DONT_KNOW, p1=SpecialAnswer.DONT_KNOW)
    assert work(world, told(face)) == []
    vote(world, face, p2=SpecialAnswer.DONT_KNOW)
    assert work(world, told(face)) == [TrainingRefused(face_id=face.id, reason="unknown")]


@pytest.mark.rule("unknown-person")
def test_who_does_not_know_closes_nothing_while_somebody_is_named(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    vote(
        world,
        face,
        p0=SpecialAnswer.DONT_KNOW,
        p1=SpecialAnswer.DONT_KNOW,
        p2=SpecialAnswer.DONT_KNOW,
        p3=people[4],
    )
    assert work(world, told(face)) == []
    assert fresh(face).state == "open"


# --- Enough pictures of a person ------------------------------------------------------------------------


@pytest.mark.rule("model-full")
def test_more_faces_of_a_person_than_allowed_are_tagged_and_not_sent(make_world: MakeWorld) -> None:
    world = make_world(MAX_FACES_PER_PERSON="2")
    person = world.slack.people[2]
    faces = [tagged(world, person) for _ in range(3)]
    assert TrainedVector.select().count() == 2
    last = fresh(faces[2])
    assert (last.state, last.reason, person_of(last)) == ("tagged", "person_full", person)
    assert (last.training_backend, last.person_ref, last.face_ref) == (None, None, None)
    message = shown(world, last)
    assert words.NOT_SENT["person_full"] in message.text
    assert words.NOT_SENT["person_full"] in seen(message)
    assert words.NOT_SENT["person_full"] not in shown(world, faces[0]).text


def test_a_face_on_its_way_into_the_model_counts_too(make_world: MakeWorld) -> None:
    world = make_world(MAX_FACES_PER_PERSON="1")
    first, second = agreed(world, world.slack.people[2]), agreed(world, world.slack.people[2])
    gone = LocalBackend(ModelVectors(), a_recogniser())
    gone.close()
    with pytest.raises(Retry):
        work(with_backend(world, gone), told(first))
    assert len(work(world, told(second))) == 2
    assert (fresh(first).reason, fresh(second).reason) == (None, "person_full")


# --- All at once ----------------------------------------------------------------------------------------


def at_once(world: World, messages: list[FaceTagged]) -> list[Message]:
    """The stage on all messages at the same time, each in a thread and on a connection of its own."""
    start = Barrier(len(messages))

    def run(message: FaceTagged) -> list[Message]:
        with connected():
            start.wait()
            return work(world, message)

    with ThreadPoolExecutor(len(messages)) as pool:
        return [output for outputs in pool.map(run, messages) for output in outputs]


@pytest.mark.rule("answers-at-once")
def test_fifty_votes_at_once_train_a_face_once(world: World, people: list[str]) -> None:
    face = agreed(world, people[2])
    outputs = at_once(world, [told(face, f"U{number}:1.0") for number in range(50)])
    assert [type(output) for output in outputs] == [PersonAdded, TrainingSent]
    assert TrainedVector.select().count() == 1


@pytest.mark.rule("person-made-known")
def test_several_faces_of_one_new_person_at_once_are_one_person(world: World, people: list[str]) -> None:
    faces = [agreed(world, people[2]) for _ in range(6)]
    outputs = at_once(world, [told(face) for face in faces])
    assert Person.select().count() == 1
    assert {output.face_id for output in outputs if isinstance(output, TrainingSent)} == {
        face.id for face in faces
    }
    assert {vector.person_ref for vector in TrainedVector.select()} == {Person.get().id}
    assert {output.person_id for output in outputs if isinstance(output, PersonAdded)} == {Person.get().id}


@pytest.mark.rule("model-full")
def test_as_many_faces_as_allowed_are_sent_also_when_they_come_at_once(make_world: MakeWorld) -> None:
    world = make_world(MAX_FACES_PER_PERSON="3")
    faces = [agreed(world, world.slack.people[2]) for _ in range(6)]
    at_once(world, [told(face) for face in faces])
    assert TrainedVector.select().count() == 3
    assert sorted(str(fresh(face).reason) for face in faces) == ["None"] * 3 + ["person_full"] * 3


# --- Twice is harmless ----------------------------------------------------------------------------------


def test_twice_is_harmless(world: World, people: list[str]) -> None:
    face = agreed(world, people[2])
    first = work(world, told(face))
    assert work(world, told(face)) == first
    assert TrainedVector.select().count() == 1


def test_only_the_message_that_claimed_a_face_carries_it_on(world: World, people: list[str]) -> None:
    face = agreed(world, people[2])
    work(world, told(face))
    assert work(world, told(face, "U9:9.0")) == []


class Recorder(LocalBackend):
    """The local backend, with its calls written down; it does not behave otherwise."""

    def __init__(self) -> None:
        super().__init__(ModelVectors(), a_recogniser())
        self.crops: list[bytes] = []
        self.trainings: list[str] = []

    def add_face(self, face_id: str, person_ref: str, crop: bytes, **how: Any) -> Any:
        self.crops.append(crop)
        self.trainings.append(how["training_id"])
        return super().add_face(face_id, person_ref, crop, **how)


@pytest.fixture(name="recorder")
def _recorder() -> Iterator[Recorder]:
    backend = Recorder()
    yield backend
    backend.close()


@pytest.mark.rule("same-bytes-each-attempt")
def test_a_crash_after_the_backend_learned_it_asks_for_the_same_again(
    world: World, people: list[str], recorder: Recorder
) -> None:
    world = with_backend(world, recorder)
    face = agreed(world, people[2])
    work(world, told(face))
    # As the row is when the bot dies between the backend's answer and its own note of it.
    Face.update(training_backend=None, person_ref=None, face_ref=None).where(Face.id == face.id).execute()
    work(world, told(face))
    assert len(recorder.crops) == 2
    assert len(set(recorder.crops)) == 1, "the same bytes on every attempt"
    assert len(set(recorder.trainings)) == 1, "named as one training"
    assert TrainedVector.select().count() == 1
    assert fresh(face).face_ref == face.id
    work(world, told(face))
    assert len(recorder.crops) == 2, "what is noted is not asked for again"


@pytest.mark.rule("told-again-harmless")
def test_a_repetition_after_the_face_is_tagged_does_nothing(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    answers = [world.answer(face, tagger, people[2]) for tagger in people[:2]]
    for answer in answers:
        world.publish(answer)
    world.drain()
    row = fresh(face)
    assert row.state == "tagged"
    cause = str(row.claimed_by)
    assert work(world, FaceTagged.from_id(cause, face.id, 1)) == []


def test_a_message_of_an_earlier_round_or_an_unknown_face_does_nothing(
    world: World, people: list[str]
) -> None:
    face = agreed(world, people[2])
    assert work(world, FaceTagged(face_id=face.id, round=2, cause="U1:1.0")) == []
    assert work(world, FaceTagged(face_id="0" * 36, cause="U1:1.0")) == []
    assert fresh(face).state == "open"


# --- The picture's own fault ----------------------------------------------------------------------------


@pytest.mark.rule("unusable-to-cleanup")
def test_a_picture_that_is_too_blurred_is_refused_by_the_backend(world: World, people: list[str]) -> None:
    face = agreed(world, people[2])
    blur(world, face)
    expected = [TrainingRefused(face_id=face.id, reason="too_blurred")]
    assert work(world, told(face)) == expected
    assert work(world, told(face)) == expected, "again"
    assert TrainedVector.select().count() == 0
    assert fresh(face).state == "training"


@pytest.mark.rule("unusable-to-cleanup")
def test_what_is_no_picture_is_refused_by_the_backend(world: World, people: list[str]) -> None:
    face = agreed(world, people[2])
    world.services.images.put(crop_key(face.id), b"no picture")
    assert work(world, told(face)) == [TrainingRefused(face_id=face.id, reason="not_an_image")]


# --- People and machine differ --------------------------------------------------------------------------


class Opinionated(LocalBackend):
    """A machine that takes every face for somebody else's, unless it is told that this does not count."""

    def add_face(self, face_id: str, person_ref: str, crop: bytes, **how: Any) -> Any:
        if not how.get("anyway"):
            return NotSent(NotSentReason.DIFFERS)
        return super().add_face(face_id, person_ref, crop, **how)


@pytest.fixture(name="differing")
def _differing(world: World) -> Iterator[World]:
    """A world with such a machine."""
    backend = Opinionated(ModelVectors(), a_recogniser())
    yield with_backend(world, backend)
    backend.close()


def settle(world: World, message: FaceTagged) -> list[Message]:
    """The stage and FinalizeTag after it; what the stage wrote."""
    outputs = work(world, message)
    for output in outputs:
        if isinstance(output, TrainingSent):
            list(finalize_tag(output, world.services))
    return outputs


@pytest.mark.rule("people-win", "add-anyway-for-admins")
@pytest.mark.failure("machine-differs", shows="who is told")
def test_when_people_and_machine_differ_people_win_and_the_message_says_so(
    differing: World, people: list[str]
) -> None:
    face = agreed(differing, people[2])
    settle(differing, told(face))
    row = fresh(face)
    assert (row.state, row.reason, person_of(face)) == ("tagged", "differs", people[2])
    assert (row.training_backend, row.person_ref, row.face_ref) == (None, None, None)
    message = shown(differing, face)
    assert words.NOT_SENT["differs"] in message.text
    assert controls(message) == {"wrong_person", "train_anyway"}


@pytest.mark.rule("add-anyway")
def test_a_face_that_the_machine_would_not_have_is_trained_anyway_once(
    differing: World, people: list[str]
) -> None:
    face = agreed(differing, people[2])
    settle(differing, told(face))
    anyway = told(face, f"{ANYWAY}{people[0]}")
    first = work(differing, anyway)
    assert [type(output) for output in first] == [PersonAdded, TrainingSent]
    assert work(differing, anyway) == first, "again"
    list(finalize_tag(TrainingSent(face_id=face.id), differing.services))
    assert work(differing, anyway) == []
    row = fresh(face)
    assert (row.state, row.reason, row.face_ref, person_of(face)) == ("tagged", None, face.id, people[2])
    assert TrainedVector.select().count() == 1
    assert controls(shown(differing, face)) == {"wrong_person"}


def test_only_where_people_and_machine_differ_is_a_face_trained_anyway(
    world: World, people: list[str]
) -> None:
    face = tagged(world, people[2])
    claimed_by = fresh(face).claimed_by
    assert work(world, told(face, f"{ANYWAY}{people[0]}")) == []
    assert (fresh(face).state, fresh(face).claimed_by) == ("tagged", claimed_by)


# --- Retry and Reject -----------------------------------------------------------------------------------


@pytest.mark.rule("outside-trouble-keeps-votes")
def test_a_backend_that_takes_too_long_keeps_the_votes(world: World, people: list[str]) -> None:
    face = agreed(world, people[2])
    slow = LocalBackend(ModelVectors(), a_recogniser(time_limit=0.01))
    try:
        with pytest.raises(Retry):
            work(with_backend(world, slow), told(face))
    finally:
        slow.close()
    assert len(votes(face)) == 2
    assert fresh(face).state == "training"
    assert [type(output) for output in work(world, told(face))] == [PersonAdded, TrainingSent]


def test_a_lost_crop_is_rejected_and_keeps_the_votes(world: World, people: list[str]) -> None:
    face = agreed(world, people[2])
    world.services.images.delete(crop_key(face.id))
    with pytest.raises(Reject):
        work(world, told(face))
    world.publish(told(face))
    world.drain()
    assert world.queues["face-tagged"].counts() == Counts(dead=1)
    assert len(votes(face)) == 2


# --- Someone without an account -------------------------------------------------------------------------


@pytest.mark.rule("most-used-spelling", "same-name-same-person")
def test_two_spellings_of_one_name_are_agreement_on_a_person_of_that_name(
    world: World, people: list[str]
) -> None:
    face = world.face(posted=True)
    typed = [("Zoë O’Brien", ""), ("ZOË O'BRIEN", "zoe@example.com")]
    for tagger, (name, email) in zip(people, typed, strict=False):
        world.publish(world.answer(face, tagger, "", name=name, email=email))
        world.drain()
    person = fresh(face).person
    assert person is not None
    assert (person.name, person.email) == ("Zoë O’Brien", "zoe@example.com")
    assert set(votes(face).values()) == {person.id}
    assert "Tagged as Zoë O’Brien" in shown(world, face).text
    assert Person.select().count() == 1


@pytest.mark.rule("one-word-changes-nothing")
def test_what_one_person_types_changes_nobody_and_leaves_nobody_behind(
    world: World, people: list[str]
) -> None:
    face, other = world.face(posted=True), world.face(posted=True)
    for tagger in people[:2]:
        world.publish(world.answer(face, tagger, "", name="Zoë Moon"))
    for name in ("ZOË MOON", "Ann", "zoë-moon", "zoë moon"):
        world.publish(world.answer(other, people[2], "", name=name, email="other@example.com"))
        world.drain()
    [zoe] = Person.select()
    assert (zoe.name, zoe.email) == ("Zoë Moon", None)
    assert "Tagged as Zoë Moon" in shown(world, face).text


@pytest.mark.rule("late-answer")
def test_a_name_typed_while_the_face_was_open_is_the_person_it_was_tagged_as(
    world: World, people: list[str]
) -> None:
    face = world.face(posted=True)
    late = world.answer(face, people[3], "", name="zoë moon", email="other@example.com")
    for tagger in people[:2]:
        world.publish(world.answer(face, tagger, "", name="Zoë Moon"))
    world.drain()
    world.publish(late)
    world.drain()
    [zoe] = Person.select()
    assert votes(face)[people[3]] == zoe.id
    assert (zoe.name, zoe.email) == ("Zoë Moon", None)
