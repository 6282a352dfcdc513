import hashlib
import logging
import os

import pytest

from tagbot.database.models.people import Person
from tagbot.errors import Retry
from tagbot.photos.image_keys import crop_key
from tagbot.queues import Counts
from tagbot.training.backend import Trained
from tests.recogniser import in_hand
from tests.rekognition.pictures import Box, SeenFace
from tests.stages.scenes import fresh
from tests.training.amazon import Amazon, assert_is_in_the_model_once, picture, told


@pytest.mark.rule("rekognition-layout")
def test_a_face_takes_two_calls_and_a_new_person_one_more_and_a_redelivery_none(amazon: Amazon) -> None:
    person = amazon.person()
    amazon.tagged(person)
    assert amazon.called()[:2] == ["DescribeCollection", "CreateCollection"], "once after the start"
    assert amazon.called()[2:] == ["CreateUser", "IndexFaces", "AssociateFaces"]

    before = len(amazon.called())
    face = amazon.tagged(person)
    assert amazon.called(before) == ["IndexFaces", "AssociateFaces"]

    before = len(amazon.called())
    amazon.tell(face)
    amazon.settle()
    assert amazon.called(before) == []


def test_a_redelivery_that_finds_the_answer_noted_calls_nobody(amazon: Amazon) -> None:
    face = amazon.agreed()
    amazon.tell(face)
    amazon.work("face-tagged")  # a crash follows before the message is acknowledged: it comes again
    before = len(amazon.called())
    amazon.tell(face)
    amazon.work("face-tagged")
    assert fresh(face).state == "training"
    assert amazon.called(before) == []
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)


@pytest.mark.rule("rekognition-layout")
def test_a_user_is_our_person_and_a_vector_is_our_face_and_no_name_goes_there(amazon: Amazon) -> None:
    face = amazon.tagged()
    person = fresh(face).person
    assert person
    assert person.name
    assert amazon.users() == {person.id: [face.face_ref]}
    assert amazon.vectors() == {face.id: [face.face_ref]}
    (index,) = amazon.calls("IndexFaces")
    assert {name: index.inputs[name] for name in ("ExternalImageId", "MaxFaces", "QualityFilter")} == {
        "ExternalImageId": face.id,
        "MaxFaces": 1,
        "QualityFilter": "AUTO",
    }
    assert person.name not in str([call.inputs for call in amazon.calls()])


@pytest.mark.rule("same-bytes-each-attempt")
@pytest.mark.failure("rekognition-busy", shows="what happens")
def test_every_attempt_sends_the_same_bytes_under_the_same_id_and_tokens_also_after_a_restart(
    amazon: Amazon,
) -> None:
    face = amazon.agreed()
    amazon.service.fail("CreateUser", reset=True, effect=True)
    amazon.service.fail("AssociateFaces", reset=True, effect=True, times=2)
    amazon.tell(face)
    for _ in range(3):
        amazon.world.drain()
        amazon.restart()
        while amazon.waiting() and not amazon.counts("face-tagged").ready:
            amazon.work("face-tagged")
    amazon.settle()

    assert_is_in_the_model_once(amazon, face)
    sent = hashlib.sha256(amazon.world.services.images.get(crop_key(face.id))).hexdigest()
    index = amazon.calls("IndexFaces")
    assert len(index) == 3
    assert {(call.picture, call.inputs["ExternalImageId"]) for call in index} == {(sent, face.id)}
    for operation, times in (("CreateUser", 2), ("AssociateFaces", 3)):
        calls = amazon.calls(operation)
        assert len(calls) == times
        assert len({call.token for call in calls}) == 1


def test_every_call_that_changes_something_can_be_repeated(amazon: Amazon) -> None:
    amazon.wrong(amazon.tagged())
    amazon.settle()
    for call in amazon.calls():
        if call.operation in ("CreateUser", "AssociateFaces", "DisassociateFaces"):
            assert call.token
        if call.operation == "IndexFaces":
            assert call.inputs["ExternalImageId"]


def test_wrong_person_on_a_face_that_was_not_sent_calls_nobody(amazon: Amazon) -> None:
    amazon.service.rules.faces_per_user = 1
    person = amazon.person()
    amazon.tagged(person)
    face = amazon.tagged(person)
    assert (face.reason, face.face_ref) == ("person_full", None)
    before = len(amazon.called())
    amazon.wrong(face)
    amazon.settle()
    assert (fresh(face).state, fresh(face).round) == ("open", 2)
    assert amazon.called(before) == []


def test_only_people_with_a_slack_account_have_a_profile_to_read(amazon: Amazon) -> None:
    amazon.tagged()
    assert Counts() == amazon.counts("face-enrich-user")
    slack_id = amazon.world.slack.people[2]
    somebody = Person.with_slack_id(slack_id, 1.0)
    amazon.tagged(somebody)
    person = Person.get_by_id(somebody.id)
    assert (person.name, person.training_ref) == ("Chiara De Luca", person.id)


@pytest.mark.rule("no-person-in-log")
def test_nothing_private_is_in_the_log(amazon: Amazon, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tagbot")
    amazon.deny("rekognition:AssociateFaces")
    face = amazon.agreed()
    amazon.tell(face)
    amazon.work("face-tagged")
    amazon.service.allow("rekognition:AssociateFaces")
    amazon.settle()
    person = fresh(face).person
    assert person
    assert person.name
    assert caplog.text
    for secret in (person.name, os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]):
        assert secret not in caplog.text


def test_faces_are_found_in_pixels_of_the_picture_and_unlikely_ones_left_out(amazon: Amazon) -> None:
    amazon.service.look(
        lambda _: [
            SeenFace(Box(0.5, 0.5, 0.6, 0.6)),
            SeenFace(Box(-0.1, 0.1, 0.3, 0.2)),
            SeenFace(Box(0.1, 0.1, 0.9, 0.9), confidence=79.9),
        ]
    )
    faces = amazon.backend.detect(in_hand(picture(1000, 500)))
    assert [(face.left, face.top, face.right, face.bottom) for face in faces] == [
        (500, 250, 1000, 500),
        (0, 50, 200, 150),
    ]


def test_while_photos_cannot_be_searched_status_says_why_they_wait(amazon: Amazon, portrait: bytes) -> None:
    amazon.deny("rekognition:DetectFaces")
    for _ in range(3):
        with pytest.raises(Retry):
            amazon.backend.detect(in_hand(portrait))
    assert told(amazon).count("photos wait in the inbox, because AWS denies rekognition:DetectFaces") == 1
    amazon.service.fail("DetectFaces", error="ThrottlingException")
    amazon.service.allow("rekognition:DetectFaces")
    amazon.restart()
    with pytest.raises(Retry):
        amazon.backend.detect(in_hand(portrait))
    assert "DetectFaces" in told(amazon)
    amazon.backend.detect(in_hand(portrait))
    assert "DetectFaces" not in told(amazon)


def test_a_long_model_is_read_page_by_page(amazon: Amazon, crop: bytes) -> None:
    amazon.service.rules.page_size = 2
    person = amazon.backend.ensure_person("a-person")
    faces = [f"face-{number}" for number in range(5)]
    for face in faces:
        assert isinstance(amazon.backend.add_face(face, person, crop, training_id=face), Trained)
    assert sorted(each.face_id for each in amazon.backend.faces()) == faces
    assert {each.person_ref for each in amazon.backend.faces()} == {"a-person"}
    assert len(amazon.calls("ListFaces")) == 6
