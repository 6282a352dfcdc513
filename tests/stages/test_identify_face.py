"""IdentifyFace: the machine looks at a face, and faces go on where it cannot."""

from dataclasses import replace

import pytest

from tagbot import build
from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.models.vectors import FIRST_MODEL, TrainedVector
from tagbot.errors import Retry
from tagbot.lib.process_pool import ProcessPool
from tagbot.messages import FaceFound, FaceReopened, FaceStored
from tagbot.schedule.timed_jobs import mend
from tagbot.stages.identify_face import PATIENCE, identify_face
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import SpecialAnswer
from tests.stages.made_up_people import known, looks_like
from tests.stages.scenes import MakeWorld, fresh, requests, say
from tests.world import World

A_VECTOR = 128 * 4
"""Bytes."""


@pytest.fixture(name="seeing")
def _seeing(make_world: MakeWorld, recogniser: LocalBackend) -> World:
    """A world that has the recogniser, and forms groups."""
    return make_world(pool=recogniser._pool, MAX_GROUP="9", LINE_UP="4")


@pytest.fixture(name="comparing")
def _comparing(make_world: MakeWorld) -> World:
    """A world that compares faces, without a recogniser."""
    return make_world(MAX_GROUP="9", LINE_UP="4")


def found(world: World, **about: int) -> Face:
    """A face that the machine has yet to look at."""
    face = world.face(**about)  # type: ignore[arg-type]  # its size
    Face.note(face.id, pending=FaceFound(face_id=face.id).id)
    return fresh(face)


def look(world: World, face: Face) -> list[FaceStored]:
    """The stage alone."""
    return list(identify_face(FaceFound(face_id=face.id, round=face.round), world.services))


def with_a_failing_recogniser(world: World) -> World:
    """The same world, where no process of the recogniser's can be started."""
    pool = ProcessPool("tests.lib.obstinate:Obstinate", name="it", count=1, time_limit=5.0)
    pool.close()
    machine = build.machine(world.services.training, pool)
    return replace(world, services=replace(world.services, machine=machine))


# --- A vector ---------------------------------------------------------------------------------------------


@pytest.mark.rule("face-vectors", "told-again-harmless")
def test_a_face_gets_a_vector_and_goes_on_and_a_second_look_changes_nothing(seeing: World) -> None:
    face = found(seeing)
    assert look(seeing, face) == [FaceStored(face_id=face.id)]
    kept = FaceVector.of(face.id)
    assert kept is not None
    assert (kept.model, len(bytes(kept.vector))) == (FIRST_MODEL, A_VECTOR)
    assert fresh(face).pending == FaceStored(face_id=face.id).id
    assert look(seeing, face) == [FaceStored(face_id=face.id)]
    assert FaceVector.select().count() == 1


@pytest.mark.rule("face-vectors")
def test_while_nothing_is_learned_faces_that_look_alike_share_a_request_by_their_vectors(
    make_world: MakeWorld, recogniser: LocalBackend
) -> None:
    world = make_world(pool=recogniser._pool, MAX_GROUP="9", MAX_OPEN_REQUESTS="1")
    faces = [found(world) for _ in range(4)]
    for face in faces:
        world.publish(FaceFound(face_id=face.id))
    world.drain()
    say(world, faces[0], world.slack.people[3], *world.slack.people[:2])
    assert [fresh(face).state for face in faces] == ["tagged", "open", "open", "open"]
    assert len({fresh(face).request_id for face in faces[1:]}) == 1


@pytest.mark.rule("face-vectors")
def test_where_nothing_is_compared_no_vector_is_made(make_world: MakeWorld, recogniser: LocalBackend) -> None:
    world = make_world(pool=recogniser._pool)
    face = found(world)
    assert look(world, face) == [FaceStored(face_id=face.id)]
    assert FaceVector.select().count() == 0


@pytest.mark.rule("face-vectors")
@pytest.mark.parametrize("case", ["too small", "too blurred"])
def test_a_face_that_nobody_could_recognise_gets_none(seeing: World, case: str) -> None:
    face = found(seeing, size=40) if case == "too small" else found(seeing)
    if case == "too blurred":
        Face.note(face.id, sharpness=0.1)
    assert look(seeing, fresh(face)) == [FaceStored(face_id=face.id)]
    assert FaceVector.select().count() == 0


@pytest.mark.rule("told-again-harmless")
def test_a_face_that_waits_no_longer_or_in_another_round_is_left_alone(seeing: World) -> None:
    face = found(seeing)
    seeing.publish(FaceFound(face_id=face.id))
    seeing.drain()
    say(seeing, face, SpecialAnswer.NOT_A_FACE, *seeing.slack.people[:2])
    assert look(seeing, fresh(face)) == []
    assert look(seeing, Face(id=face.id, round=7)) == []
    assert FaceVector.select().count() == 0


# --- Where the machine cannot help ------------------------------------------------------------------------


@pytest.mark.rule("goes-on-without-machine")
def test_without_a_recogniser_a_face_goes_on_and_is_asked_about(comparing: World) -> None:
    face = found(comparing)
    assert look(comparing, face) == [FaceStored(face_id=face.id)]
    assert FaceVector.select().count() == 0
    comparing.publish(FaceStored(face_id=face.id))
    comparing.drain()
    assert fresh(face).state == "open"


@pytest.mark.rule("goes-on-without-machine")
def test_a_recogniser_that_fails_is_waited_for_two_minutes_and_no_longer(comparing: World) -> None:
    Face.note(found(comparing).id, state="tagged")  # the very first one is not waited for
    world, face = with_a_failing_recogniser(comparing), found(comparing)
    for seconds in (0.0, PATIENCE - 10.0):
        world.offset = seconds
        with pytest.raises(Retry):
            look(world, face)
        assert fresh(face).pending == FaceFound(face_id=face.id).id
    world.offset = PATIENCE + 10.0
    assert look(world, face) == [FaceStored(face_id=face.id)]
    assert look(world, found(world)) != [], "nor does the next face wait for it"
    assert FaceVector.select().count() == 0


@pytest.mark.rule("goes-on-without-machine")
def test_a_picture_in_which_the_machine_finds_no_face_goes_on_without_a_vector(seeing: World) -> None:
    face = found(seeing)
    picture = seeing.services.images.get(f"faces/{face.id}/crop.jpg")
    seeing.services.images.put(f"faces/{face.id}/crop.jpg", picture[: len(picture) // 3])
    assert look(seeing, face) == [FaceStored(face_id=face.id)]
    assert FaceVector.select().count() == 0


# --- As long as it is needed ------------------------------------------------------------------------------


@pytest.mark.rule("face-vectors")
@pytest.mark.parametrize("end", ["tagged", "not_a_face", "unknown", "full"])
def test_a_face_that_is_closed_has_no_vector_but_the_models(make_world: MakeWorld, end: str) -> None:
    world = make_world(MAX_GROUP="9", MAX_FACES_PER_PERSON="1")
    people = world.slack.people
    if end == "full":
        known(2, "Daisuke", slack_id=people[3], faces=1)
    face = looks_like(world.face(), 1)
    world.publish(FaceStored(face_id=face.id))
    world.drain()
    assert FaceVector.of(face.id) is not None
    answers = {"not_a_face": SpecialAnswer.NOT_A_FACE, "unknown": SpecialAnswer.DONT_KNOW}
    say(world, face, answers.get(end, people[3]), *people[:3])
    assert fresh(face).state == ("tagged" if end in ("tagged", "full") else "rejected")
    assert FaceVector.select().count() == 0
    assert TrainedVector.select().count() == (end in ("tagged", "full")), "one person's, at most one"


@pytest.mark.rule("face-vectors")
def test_a_face_that_nobody_could_recognise_is_rejected_with_its_vector(comparing: World) -> None:
    face = looks_like(comparing.face(size=40), 1)
    comparing.publish(FaceStored(face_id=face.id))
    comparing.drain()
    assert fresh(face).reason == "too_small"
    assert FaceVector.select().count() == 0


@pytest.mark.rule("face-vectors")
def test_no_vector_is_kept_of_a_face_that_was_closed_meanwhile(comparing: World) -> None:
    face = comparing.face(posted=True)
    Face.note(face.id, state="rejected")
    assert not FaceVector.keep(face.id, face.round, FIRST_MODEL, b"1234")
    assert FaceVector.select().count() == 0


@pytest.mark.rule("face-vectors", "undo-forgets")
def test_a_learned_face_that_is_reopened_takes_its_vector_along_and_leaves_the_model(
    comparing: World,
) -> None:
    people, face = comparing.slack.people, comparing.face(posted=True)
    say(comparing, face, people[3], *people[:2])
    learned = bytes(TrainedVector.get_by_id(face.id).vector)
    comparing.publish(FaceReopened(face_id=face.id, round=1, by=people[2]))
    comparing.drain()
    assert (fresh(face).state, fresh(face).round) == ("open", 2)
    assert TrainedVector.select().count() == 0
    kept = FaceVector.of(face.id)
    assert kept is not None
    assert bytes(kept.vector) == learned
    say(comparing, face, SpecialAnswer.NOT_A_FACE, *people[:2])
    assert FaceVector.select().count() == 0


@pytest.mark.rule("face-vectors")
def test_where_nothing_is_compared_a_reopened_face_has_no_vector(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    say(world, face, people[3], *people[:2])
    world.publish(FaceReopened(face_id=face.id, round=1, by=people[2]))
    world.drain()
    assert fresh(face).state == "open"
    assert FaceVector.select().count() == 0


# --- Crashes ----------------------------------------------------------------------------------------------


@pytest.mark.rule("crash-anywhere")
def test_a_face_whose_message_was_lost_is_looked_at_all_the_same(seeing: World) -> None:
    face = found(seeing)
    mend(seeing.services)
    assert seeing.messages("face-found") == [FaceFound(face_id=face.id)]
    mend(seeing.services)
    seeing.drain()
    assert FaceVector.of(face.id) is not None
    assert (fresh(face).state, len(requests(seeing))) == ("open", 1)


@pytest.mark.rule("crash-anywhere")
def test_a_face_whose_message_is_under_way_is_not_sent_again(comparing: World) -> None:
    first, second = found(comparing), found(comparing)
    comparing.publish(FaceFound(face_id=first.id))
    comparing.publish(FaceStored(face_id=second.id))  # the stage died before it noted so
    mend(comparing.services)
    assert comparing.messages("face-found") == [FaceFound(face_id=first.id)]
    assert comparing.messages("images-in-db") == [FaceStored(face_id=second.id)]


def test_the_bot_has_the_recognisers_processes_that_its_backend_learns_with(comparing: World) -> None:
    pool = ProcessPool("tests.lib.obstinate:Obstinate", name="it", count=1, time_limit=5.0)
    assert build.machine(comparing.services.training, None).recogniser is None
    assert build.machine(comparing.services.training, pool).recogniser is not None


@pytest.mark.rule("face-vectors")
def test_the_very_first_face_is_asked_about_before_it_is_described(make_world: MakeWorld) -> None:
    world = with_a_failing_recogniser(make_world(MAX_GROUP="9"))
    face = found(world)
    outputs = identify_face(FaceFound(face_id=face.id), world.services)
    assert next(iter(outputs)) == FaceStored(face_id=face.id)
    tagged_before = found(world)
    Face.note(tagged_before.id, state="tagged")
    with pytest.raises(Retry):
        next(iter(identify_face(FaceFound(face_id=found(world).id), world.services)))
