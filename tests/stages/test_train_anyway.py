"""SendFaceForTraining, where people and machine differ and an admin wants the face learned all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.messages import ANYWAY, FaceTagged
from tagbot.sandbox.driver import Slack
from tagbot.slack import words
from tagbot.vocabulary import ActionId
from tests.rekognition.pictures import SeenFace
from tests.rekognition.stand_in import running_rekognition
from tests.stages.scenes import controls, fresh, shown, tagged, votes
from tests.training.amazon import Amazon, assert_is_in_the_model_once, on_amazon
from tests.world import World


@pytest.fixture
def amazon(tmp_path: Path, stand_in: Slack) -> Iterator[Amazon]:
    with running_rekognition() as service, on_amazon(tmp_path, stand_in, service) as amazon:
        yield amazon


@pytest.fixture
def person(amazon: Amazon) -> Person:
    """Somebody whom the machine knows already."""
    somebody = amazon.person()
    amazon.tagged(somebody)
    return somebody


@pytest.fixture
def differing(amazon: Amazon, person: Person) -> Face:
    """A face that the machine finds too unlike them."""
    amazon.service.look(lambda _: [SeenFace(similarity=1.0)])
    face = amazon.tagged(person)
    assert (face.reason, face.face_ref) == ("differs", None)
    return face


def test_it_is_offered_where_people_and_machine_differ_and_nowhere_else(
    amazon: Amazon, differing: Face
) -> None:
    assert controls(shown(amazon.world, differing)) == {ActionId.WRONG_PERSON, ActionId.TRAIN_ANYWAY}
    amazon.service.look(lambda _: [SeenFace()])
    assert controls(shown(amazon.world, amazon.tagged())) == {ActionId.WRONG_PERSON}


@pytest.mark.rule("add-anyway")
def test_the_face_is_learned_whatever_the_machine_thinks(amazon: Amazon, differing: Face) -> None:
    amazon.anyway(differing)
    amazon.settle()
    assert_is_in_the_model_once(amazon, differing)
    (*_, associated) = amazon.calls("AssociateFaces")
    assert associated.inputs["UserMatchThreshold"] == 0.0
    message = shown(amazon.world, differing)
    assert controls(message) == {ActionId.WRONG_PERSON}
    assert words.NOT_SENT["differs"] not in message.text
    assert (fresh(differing).tagged_at, len(votes(differing))) == (differing.tagged_at, 2)


def test_the_usual_threshold_is_aws_own(amazon: Amazon, differing: Face) -> None:
    assert fresh(differing).reason == "differs"
    assert all("UserMatchThreshold" not in call.inputs for call in amazon.calls("AssociateFaces"))


@pytest.mark.rule("add-anyway")
def test_two_admins_at_once_have_it_learned_once(amazon: Amazon, differing: Face) -> None:
    before = len(amazon.called())
    for cause in ("U1:1.0", "U2:2.0", "U1:1.0"):
        amazon.anyway(differing, cause)
    amazon.settle()
    amazon.anyway(differing, "U1:3.0")
    amazon.settle()
    assert amazon.called(before) == ["IndexFaces", "AssociateFaces"]
    assert_is_in_the_model_once(amazon, differing)


def test_each_training_has_its_own_token_and_each_attempt_the_same(amazon: Amazon, differing: Face) -> None:
    amazon.service.fail("AssociateFaces", reset=True, effect=True)
    amazon.anyway(differing)
    amazon.settle()
    assert_is_in_the_model_once(amazon, differing)
    _, first, *again = [call.token for call in amazon.calls("AssociateFaces")]
    assert len(again) == 2
    assert len(set(again)) == 1
    assert first not in again


def test_a_face_that_people_and_machine_agree_about_is_left_alone(amazon: Amazon, person: Person) -> None:
    face = amazon.tagged(person)
    before = len(amazon.called())
    amazon.anyway(face)
    amazon.settle()
    assert amazon.called(before) == []
    assert_is_in_the_model_once(amazon, face)


def test_a_face_that_was_not_sent_for_another_reason_is_left_alone(amazon: Amazon, person: Person) -> None:
    amazon.use(amazon.backend, max_faces_per_person=1)
    face = amazon.tagged(person)
    assert face.reason == "person_full"
    amazon.use(amazon.backend, max_faces_per_person=100)
    before = len(amazon.called())
    amazon.anyway(face)
    amazon.settle()
    assert amazon.called(before) == []
    assert (fresh(face).state, fresh(face).reason) == ("tagged", "person_full")


def test_a_face_that_is_open_or_closed_or_of_another_round_is_left_alone(
    amazon: Amazon, differing: Face
) -> None:
    asked = amazon.world.face(posted=True)
    amazon.anyway(asked)
    amazon.settle()
    assert fresh(asked).state == "open"
    amazon.wrong(differing)
    amazon.settle()
    amazon.world.publish(FaceTagged(face_id=differing.id, round=1, cause=f"{ANYWAY}U1:9.0"))
    amazon.settle()
    assert (fresh(differing).state, fresh(differing).round) == ("open", 2)
    assert differing.id not in amazon.vectors()


def test_a_person_who_is_full_by_now_gets_no_more_faces(amazon: Amazon, differing: Face) -> None:
    amazon.use(amazon.backend, max_faces_per_person=1)
    before = len(amazon.called())
    amazon.anyway(differing)
    amazon.settle()
    assert amazon.called(before) == []
    assert (fresh(differing).state, fresh(differing).reason) == ("tagged", "person_full")
    assert words.NOT_SENT["person_full"] in shown(amazon.world, differing).text


def test_aws_may_find_the_person_full_too(amazon: Amazon, differing: Face) -> None:
    amazon.service.rules.faces_per_user = 1
    amazon.anyway(differing)
    amazon.settle()
    assert (fresh(differing).state, fresh(differing).reason) == ("tagged", "person_full")
    assert differing.id not in amazon.vectors()


def test_what_was_learned_anyway_can_be_undone_and_differ_again(
    amazon: Amazon, differing: Face, person: Person
) -> None:
    for _ in range(2):
        amazon.anyway(differing)
        amazon.settle()
        assert_is_in_the_model_once(amazon, differing)
        amazon.wrong(differing)
        amazon.settle()
        assert differing.id not in amazon.vectors()
        amazon.vote(fresh(differing), person)
        amazon.tell(differing)
        amazon.settle()
        assert fresh(differing).reason == "differs"


@pytest.mark.rule("local-never-differs")
def test_the_local_backend_never_differs(world: World) -> None:
    face = tagged(world, world.slack.people[2])
    assert face.reason is None
    assert controls(shown(world, face)) == {ActionId.WRONG_PERSON}


@pytest.mark.rule("add-anyway", "undo-forgets")
def test_a_face_that_is_reopened_while_it_is_sent_anyway_is_reopened_afterwards(
    amazon: Amazon, differing: Face
) -> None:
    amazon.service.fail("IndexFaces", error="ThrottlingException")
    amazon.anyway(differing)
    amazon.work("face-tagged")
    assert fresh(differing).state == "training"
    amazon.wrong(differing)
    amazon.work("face-undo")
    amazon.settle()
    assert (fresh(differing).state, fresh(differing).round) == ("open", 2)
    assert differing.id not in amazon.vectors()
    assert amazon.world.told(amazon.world.slack.people[0]) == []
