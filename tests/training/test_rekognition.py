"""What the bot does at Amazon Rekognition, and what it makes of the answers."""

import hashlib
import io
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from tagbot import build
from tagbot.aws import boto
from tagbot.aws.rekognition_api import token
from tagbot.database.connection import connected
from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.errors import Reject, Retry
from tagbot.monitoring import status_report
from tagbot.photos.image_keys import crop_key
from tagbot.queues import Counts
from tagbot.settings import Settings
from tagbot.slack import words
from tagbot.training import Refused, Trained
from tagbot.training.rekognition import REASONS
from tests.rekognition.pictures import Box, SeenFace
from tests.stages.scenes import fresh, shown, votes
from tests.training.amazon import Amazon, assert_is_in_the_model_once, backend_on

ROOT = Path(__file__).parents[2]


def unlike(similarity: float = 20.0) -> Callable[[object], list[SeenFace]]:
    """The machine finds every face too unlike its person."""
    return lambda _: [SeenFace(similarity=similarity)]


def picture(width: int, height: int, form: str = "JPEG", quality: int = 90) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "grey").save(out, form, quality=quality)
    return out.getvalue()


def told(amazon: Amazon) -> str:
    """What `/facetag status` says."""
    return status_report.in_words(status_report.collect(amazon.world.queues, amazon.world.services.inbox))


# --- Calls, counted ----------------------------------------------------------------------------------------


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


@pytest.mark.rule("aws-pace")
def test_no_more_calls_are_made_in_a_second_than_the_setting_allows(amazon: Amazon) -> None:
    amazon.restart(calls_per_second=20.0)
    faces = [amazon.agreed() for _ in range(2)]
    for face in faces:
        amazon.tell(face)
    amazon.settle()
    _, *calls = amazon.calls()  # the first one also makes the connection
    assert len(calls) == 7
    assert calls[-1].at - calls[0].at >= 6 / 20 - 0.05


# --- One face, one vector ----------------------------------------------------------------------------------


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


def test_a_token_is_the_same_in_every_process_and_as_aws_takes_it() -> None:
    program = "from tagbot.aws.rekognition_api import token; print(token('face', 'person', '1'))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert printed == {token("face", "person", "1")}
    assert token("face", "person", "1") != token("face", "person", "2")
    assert len(token("x" * 500)) == 64


def test_every_call_that_changes_something_can_be_repeated(amazon: Amazon) -> None:
    amazon.wrong(amazon.tagged())
    amazon.settle()
    for call in amazon.calls():
        if call.operation in ("CreateUser", "AssociateFaces", "DisassociateFaces"):
            assert call.token
        if call.operation == "IndexFaces":
            assert call.inputs["ExternalImageId"]


@pytest.mark.rule("undo-forgets")
def test_a_face_that_was_undone_is_trained_again_although_aws_remembers_the_first_time(
    amazon: Amazon,
) -> None:
    person = amazon.person()
    face = amazon.tagged(person)
    amazon.wrong(face)
    amazon.settle()
    assert amazon.vectors() == {}
    assert amazon.users() == {person.id: []}

    amazon.vote(fresh(face), person)
    amazon.tell(face)
    amazon.settle()

    assert_is_in_the_model_once(amazon, face)
    tokens = [call.token for call in amazon.calls("AssociateFaces")]
    assert len(set(tokens)) == 2
    amazon.wrong(fresh(face))
    amazon.settle()
    assert amazon.vectors() == {}, "nor is the second removal answered from memory"


def test_another_collection_is_another_request(amazon: Amazon) -> None:
    person = amazon.person()
    amazon.tagged(person)
    other = backend_on("another")
    assert other.ensure_person(person.id) == person.id
    other.close()
    assert list(amazon.service.users("another")) == [person.id]


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


def test_a_face_that_somebody_else_has_by_now_leaves_the_model_all_the_same(amazon: Amazon) -> None:
    face = amazon.tagged()
    amazon.do("DisassociateFaces", UserId=face.person_ref, FaceIds=[face.face_ref])
    amazon.do("CreateUser", UserId="a-stranger")
    amazon.do("AssociateFaces", UserId="a-stranger", FaceIds=[face.face_ref])
    amazon.wrong(face)
    amazon.settle()
    assert amazon.vectors() == {}
    assert (fresh(face).state, fresh(face).round) == ("open", 2)


def test_only_people_with_a_slack_account_have_a_profile_to_read(amazon: Amazon) -> None:
    amazon.tagged()
    assert Counts() == amazon.counts("face-enrich-user")
    slack_id = amazon.world.slack.people[2]
    somebody = Person.with_slack_id(slack_id, 1.0)
    amazon.tagged(somebody)
    person = Person.get_by_id(somebody.id)
    assert (person.name, person.training_ref) == ("Chiara De Luca", person.id)


def all_at_once(amazon: Amazon, faces: list[Face]) -> None:
    """Train these faces, each in a thread and on a connection of its own."""
    for face in faces:
        amazon.tell(face)
    (worker,) = (each for each in amazon.world.workers if each.stage.name == "SendFaceForTraining")

    def work(_: Face) -> None:
        with connected():
            worker.work_once(timeout=1)

    with ThreadPoolExecutor(len(faces)) as pool:
        list(pool.map(work, faces))
    amazon.settle()


@pytest.mark.rule("person-made-known")
def test_faces_of_one_new_person_at_the_same_instant_are_one_user(amazon: Amazon) -> None:
    person = amazon.person()
    faces = [amazon.agreed(person) for _ in range(6)]
    all_at_once(amazon, faces)
    assert list(amazon.users()) == [person.id]
    for face in faces:
        assert_is_in_the_model_once(amazon, face)


def test_as_many_faces_of_a_person_as_allowed_are_sent_also_when_they_come_at_once(amazon: Amazon) -> None:
    amazon.use(amazon.backend, max_faces_per_person=3)
    person = amazon.person()
    faces = [amazon.agreed(person) for _ in range(6)]
    all_at_once(amazon, faces)
    assert len(amazon.vectors()) == 3
    assert sorted(str(fresh(face).reason) for face in faces) == ["None"] * 3 + ["person_full"] * 3


# --- The picture's own fault -------------------------------------------------------------------------------


@pytest.mark.rule("only-pictures-own-fault")
@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        ([], "no_face"),
        *(([SeenFace(reasons=(theirs,))], ours) for theirs, ours in REASONS.items()),
        ([SeenFace(reasons=("LOW_SHARPNESS", "LOW_BRIGHTNESS"))], "too_dark"),
        ([SeenFace(reasons=("A_REASON_OF_TOMORROW",))], "no_face"),
        ([SeenFace(Box(0.7, 0.3, 0.3, 0.3)), SeenFace(reasons=("LOW_SHARPNESS",))], "several_faces"),
        ([SeenFace(Box(0.3, 0.0, 0.3, 0.25))], "several_faces"),
    ],
)
def test_a_picture_that_aws_cannot_use_is_cleaned_up_with_the_reason_in_plain_words(
    amazon: Amazon, seen: list[SeenFace], reason: str
) -> None:
    amazon.service.look(lambda _: seen)
    face = amazon.agreed()
    amazon.tell(face)
    amazon.settle()
    assert (fresh(face).state, fresh(face).reason) == ("rejected", reason)
    assert votes(face) == {}
    assert amazon.vectors() == {}
    assert words.REJECTED[reason] in shown(amazon.world, face).text


@pytest.mark.rule("only-pictures-own-fault")
@pytest.mark.parametrize(
    ("error", "reason"),
    [("InvalidImageFormatException", "not_an_image"), ("ImageTooLargeException", "too_large")],
)
def test_a_picture_that_aws_refuses_is_cleaned_up_too(amazon: Amazon, error: str, reason: str) -> None:
    amazon.service.fail("IndexFaces", error=error)
    face = amazon.agreed()
    amazon.tell(face)
    amazon.settle()
    assert (fresh(face).state, fresh(face).reason, votes(face)) == ("rejected", reason, {})


@pytest.mark.parametrize(
    ("crop", "reason"),
    [
        (b"", "not_an_image"),
        (b"no picture", "not_an_image"),
        (picture(79, 200), "too_small"),
        (picture(200, 79), "too_small"),
        (picture(100, 100) + bytes(5_242_880), "too_large"),
        (picture(10_001, 100), "too_large"),
    ],
)
def test_what_aws_would_refuse_anyway_is_not_sent(amazon: Amazon, crop: bytes, reason: str) -> None:
    answer = amazon.backend.add_face("a-face", "a-person", crop, training_id="1")
    assert answer == Refused(reason)
    assert amazon.called() == []


@pytest.mark.parametrize("size", [(80, 80), (10_000, 600)])
def test_the_smallest_and_the_largest_picture_that_aws_takes_are_sent(
    amazon: Amazon, size: tuple[int, int]
) -> None:
    person = amazon.backend.ensure_person("a-person")
    answer = amazon.backend.add_face("a-face", person, picture(*size), training_id="1")
    assert isinstance(answer, Trained)


def test_of_several_faces_the_one_in_the_middle_may_be_learned(amazon: Amazon) -> None:
    amazon.service.look(lambda _: [SeenFace(), SeenFace(Box(0.0, 0.0, 0.2, 0.2))])
    assert_is_in_the_model_once(amazon, amazon.tagged())


@pytest.mark.parametrize(
    "box",
    [Box(0.0, 0.1, 0.6, 0.8), Box(0.35, 0.35, 0.3, 0.3), Box(0.05, 0.05, 0.35, 0.35), Box(-0.1, 0, 1.2, 1)],
)
def test_a_face_at_the_border_of_its_photo_need_not_be_in_the_middle_of_its_crop(
    amazon: Amazon, box: Box
) -> None:
    amazon.service.look(lambda _: [SeenFace(box)])
    assert_is_in_the_model_once(amazon, amazon.tagged())


# --- Looking for faces -------------------------------------------------------------------------------------


def test_faces_are_found_in_pixels_of_the_picture_and_unlikely_ones_left_out(amazon: Amazon) -> None:
    amazon.service.look(
        lambda _: [
            SeenFace(Box(0.5, 0.5, 0.6, 0.6)),
            SeenFace(Box(-0.1, 0.1, 0.3, 0.2)),
            SeenFace(Box(0.1, 0.1, 0.9, 0.9), confidence=79.9),
        ]
    )
    faces = amazon.backend.detect(picture(1000, 500))
    assert [(face.left, face.top, face.right, face.bottom) for face in faces] == [
        (500, 250, 1000, 500),
        (0, 50, 200, 150),
    ]


@pytest.mark.parametrize(
    ("width", "height"), [(60, 60), (79, 300), (600, 50), (12_000, 700), (700, 12_000), (80, 80)]
)
def test_a_photo_that_is_too_small_or_too_long_for_aws_is_scaled_and_its_faces_keep_their_places(
    amazon: Amazon, width: int, height: int
) -> None:
    amazon.service.look(lambda _: [SeenFace(Box(0.5, 0.0, 0.5, 1.0))])
    (face,) = amazon.backend.detect(picture(width, height))
    assert face.left == pytest.approx(width / 2, abs=1)
    assert (face.top, face.right, face.bottom) == (0, width, height)


def test_in_a_strip_there_is_no_face(amazon: Amazon) -> None:
    assert amazon.backend.detect(picture(20_000, 10)) == []
    assert amazon.called() == []


def test_a_photo_over_five_megabytes_is_sent_smaller(amazon: Amazon) -> None:
    noise = Image.effect_noise((2400, 2400), 100).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=100)
    assert len(out.getvalue()) > 5_242_880
    (face,) = amazon.backend.detect(out.getvalue())
    assert (face.left, face.width) == (480, 1440)
    (call,) = amazon.calls("DetectFaces")
    assert call.inputs["Image"]["Bytes"]["length"] <= 5_242_880


def test_what_is_no_picture_has_no_faces_to_find(amazon: Amazon) -> None:
    with pytest.raises(Reject, match="not a picture"):
        amazon.backend.detect(b"nonsense")
    assert amazon.called() == []


def test_while_photos_cannot_be_searched_status_says_why_they_wait(amazon: Amazon, portrait: bytes) -> None:
    amazon.deny("rekognition:DetectFaces")
    for _ in range(3):
        with pytest.raises(Retry):
            amazon.backend.detect(portrait)
    assert told(amazon).count("photos wait in the inbox, because AWS denies rekognition:DetectFaces") == 1
    amazon.service.fail("DetectFaces", error="ThrottlingException")
    amazon.service.allow("rekognition:DetectFaces")
    amazon.restart()
    with pytest.raises(Retry):
        amazon.backend.detect(portrait)
    assert "DetectFaces" in told(amazon)
    amazon.backend.detect(portrait)
    assert "DetectFaces" not in told(amazon)


# --- Enough faces ------------------------------------------------------------------------------------------


@pytest.mark.rule("model-full")
def test_a_person_who_has_as_many_faces_as_aws_allows_is_still_tagged(amazon: Amazon) -> None:
    amazon.service.rules.faces_per_user = 1
    person = amazon.person()
    first, face = amazon.tagged(person), amazon.tagged(person)
    assert (face.reason, face.training_backend, face.face_ref) == ("person_full", None, None)
    assert len(votes(face)) == 2
    assert words.NOT_SENT["person_full"] in shown(amazon.world, face).text
    assert list(amazon.vectors()) == [first.id], "what was indexed is taken out again"


def test_a_full_person_who_refuses_what_is_theirs_already_does_not_lose_it(amazon: Amazon) -> None:
    """AWS's documentation has both sentences: a face that is theirs is ignored; a full user refuses all."""
    amazon.service.rules.faces_per_user = 1
    amazon.service.rules.full_user_refuses_all = True
    face = amazon.agreed()
    amazon.service.fail("AssociateFaces", reset=True, effect=True)
    amazon.tell(face)
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)


def test_a_face_that_finds_the_collection_full_is_still_tagged(amazon: Amazon) -> None:
    first = amazon.tagged()
    amazon.service.rules.faces_per_collection = 1
    face = amazon.tagged()
    assert (face.reason, face.face_ref) == ("model_full", None)
    assert words.NOT_SENT["model_full"] in shown(amazon.world, face).text
    assert list(amazon.vectors()) == [first.id]


def test_a_person_for_whom_the_collection_has_no_place_is_still_tagged(amazon: Amazon) -> None:
    amazon.tagged()
    amazon.service.fail("CreateUser", error="ServiceQuotaExceededException", times=None)
    person = amazon.person()
    face = amazon.tagged(person)
    assert (face.reason, face.face_ref) == ("model_full", None)
    assert face.id not in amazon.vectors()
    amazon.service.heal()
    assert_is_in_the_model_once(amazon, amazon.tagged(person))


def test_an_account_with_too_many_collections_keeps_the_votes_and_says_so(amazon: Amazon) -> None:
    amazon.service.fail("CreateCollection", error="ServiceQuotaExceededException")
    face = amazon.agreed()
    amazon.tell(face)
    amazon.work("face-tagged")
    assert "AWS allows this account no more face collections" in told(amazon)
    assert len(votes(face)) == 2
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)


# --- People and machine differ -----------------------------------------------------------------------------


@pytest.mark.rule("people-win")
@pytest.mark.failure("machine-differs", shows="what happens")
def test_when_the_machine_finds_a_face_too_unlike_people_win_and_nothing_of_it_stays(amazon: Amazon) -> None:
    person = amazon.person()
    first = amazon.tagged(person)
    amazon.service.look(unlike(74.9))
    before = len(amazon.called())
    face = amazon.tagged(person)
    assert amazon.called(before) == ["IndexFaces", "AssociateFaces", "DeleteFaces"]
    assert (face.reason, face.training_backend, face.person_ref, face.face_ref) == (
        "differs",
        None,
        None,
        None,
    )
    assert fresh(face).person == person
    assert list(amazon.vectors()) == [first.id]
    assert words.NOT_SENT["differs"] in shown(amazon.world, face).text
    assert words.TRAIN_ANYWAY in shown(amazon.world, face).text


@pytest.mark.rule("people-win")
def test_a_face_that_the_collection_has_for_somebody_else_is_taken_from_them(amazon: Amazon) -> None:
    """Its `ExternalImageId` says that it is our face, as from a database that was restored from a backup."""
    face = amazon.agreed()
    amazon.do("CreateCollection")
    amazon.do("CreateUser", UserId="somebody-else")
    crop = amazon.world.services.images.get(crop_key(face.id))
    indexed = amazon.do("IndexFaces", Image={"Bytes": crop}, ExternalImageId=face.id)
    ref = indexed["FaceRecords"][0]["Face"]["FaceId"]
    amazon.do("AssociateFaces", UserId="somebody-else", FaceIds=[ref])

    amazon.tell(face)
    amazon.settle()

    assert (fresh(face).state, fresh(face).reason) == ("tagged", "differs")
    assert amazon.vectors() == {}
    amazon.anyway(face)
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)


# --- The collection ----------------------------------------------------------------------------------------


@pytest.mark.rule("collection-made")
def test_the_first_collection_is_made_without_a_word_and_looked_for_once(amazon: Amazon) -> None:
    for _ in range(3):
        amazon.tagged()
    assert amazon.called().count("DescribeCollection") == 1
    assert amazon.called().count("CreateCollection") == 1
    assert Notice.select().count() == 0


@pytest.mark.rule("collection-vanished")
@pytest.mark.failure("collection-gone")
@pytest.mark.parametrize("restarted", [False, True])
def test_a_collection_that_vanishes_is_made_again_with_its_users_and_the_operator_is_told(
    amazon: Amazon, restarted: bool
) -> None:
    person = amazon.person()
    amazon.tagged(person)
    amazon.do("DeleteCollection")
    if restarted:
        amazon.restart()
    faces = [amazon.tagged(person), amazon.tagged(), amazon.tagged(person)]
    for face in faces:
        assert_is_in_the_model_once(amazon, face)
    assert told(amazon).count("had vanished and was made again: python bot.py reconcile --fix") == 1
    amazon.restart()
    amazon.tagged(person)
    assert told(amazon).count("had vanished and was made again") == 1, "until it is dealt with"


@pytest.mark.rule("collection-vanished")
@pytest.mark.parametrize("effect", [False, True])
def test_the_operator_is_told_also_when_the_answer_to_the_making_is_lost(
    amazon: Amazon, effect: bool
) -> None:
    amazon.tagged()
    amazon.do("DeleteCollection")
    amazon.restart()
    amazon.service.fail("CreateCollection", reset=True, effect=effect)
    assert_is_in_the_model_once(amazon, amazon.tagged())
    assert "had vanished and was made again" in told(amazon)


def test_a_collection_that_somebody_deletes_between_two_calls_costs_an_attempt_at_most(
    amazon: Amazon,
) -> None:
    amazon.tagged()
    for operation in ("IndexFaces", "AssociateFaces"):
        face = amazon.agreed()
        amazon.service.fail(operation, error="ResourceNotFoundException", times=2)
        amazon.tell(face)
        amazon.work("face-tagged")
        assert amazon.counts("face-tagged") == Counts(delayed=1)
        amazon.settle()
        assert_is_in_the_model_once(amazon, face)


def test_a_face_can_be_undone_although_its_collection_or_its_person_is_gone(amazon: Amazon) -> None:
    first, second = amazon.tagged(), amazon.tagged()
    amazon.do("DeleteUser", UserId=first.person_ref)
    amazon.wrong(first)
    amazon.settle()
    assert list(amazon.vectors()) == [second.id]
    amazon.do("DeleteCollection")
    amazon.wrong(second)
    amazon.settle()
    assert (fresh(first).state, fresh(second).state) == ("open", "open")


# --- Configuration -----------------------------------------------------------------------------------------


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]


@pytest.mark.rule("outside-trouble-keeps-votes")
@pytest.mark.failure("aws-denies", shows="who is told")
def test_a_missing_permission_is_told_once_and_when_it_is_there_nobody_has_to_do_anything_again(
    amazon: Amazon, caplog: pytest.LogCaptureFixture
) -> None:
    amazon.deny("rekognition:IndexFaces")
    faces = [amazon.agreed() for _ in range(5)]
    for face in faces:
        amazon.tell(face)
    for _ in range(3 * len(faces)):
        amazon.work("face-tagged")

    why = "AWS denies rekognition:IndexFaces: add it to the bot's IAM policy"
    assert len(amazon.calls("IndexFaces")) >= 15
    assert len(errors(caplog)) == 1
    assert errors(caplog)[0].startswith(why)
    assert told(amazon).count(why) == 1
    assert str(amazon.backend.problem).startswith(why)
    assert [len(votes(face)) for face in faces] == [2] * 5

    amazon.service.allow("rekognition:IndexFaces")
    amazon.settle()
    for face in faces:
        assert_is_in_the_model_once(amazon, face)
    assert (amazon.backend.problem, "IndexFaces" in told(amazon)) == (None, False)


def test_a_permission_that_is_lost_again_is_told_again(
    amazon: Amazon, caplog: pytest.LogCaptureFixture
) -> None:
    for times in (1, 2):
        amazon.deny("rekognition:IndexFaces")
        face = amazon.agreed()
        amazon.tell(face)
        amazon.work("face-tagged")
        assert len(errors(caplog)) == times
        amazon.service.allow("rekognition:IndexFaces")
        amazon.settle()
        assert_is_in_the_model_once(amazon, face)


@pytest.mark.rule("retry-then-dead-letter")
@pytest.mark.failure("aws-denies", shows="what happens")
def test_a_permission_that_is_missing_for_long_makes_dead_letters_that_retry_brings_back(
    amazon: Amazon,
) -> None:
    amazon.use(amazon.backend, max_attempts=2)
    amazon.deny("rekognition:AssociateFaces")
    face = amazon.agreed()
    amazon.tell(face)
    amazon.settle()
    assert amazon.counts("face-tagged") == Counts(dead=1)
    assert "1 given up because: AWS denies rekognition:AssociateFaces" in told(amazon)
    assert len(votes(face)) == 2
    amazon.service.allow("rekognition:AssociateFaces")
    amazon.world.queues["face-tagged"].redrive()
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)


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


def problem_of(amazon: Amazon, **how: object) -> str:
    """What the operator reads when a call is tried with the environment as it is."""
    amazon.restart(**how)
    with pytest.raises(Retry) as why:
        amazon.backend.ensure_person("a-person")
    assert amazon.backend.problem == why.value.reason
    return why.value.reason


@pytest.mark.rule("aws-settings")
def test_missing_credentials_say_what_to_set(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role" in problem_of(amazon)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role" in problem_of(amazon)
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert "AWS credentials are missing" in problem_of(amazon)


@pytest.mark.failure("aws-denies", shows="what happens")
def test_wrong_credentials_say_what_to_check(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    assert "does not take the bot's credentials (InvalidSignatureException)" in problem_of(amazon)
    monkeypatch.undo()
    amazon.restart()
    amazon.backend.ensure_person("a-person")
    assert amazon.backend.problem is None


@pytest.mark.rule("aws-settings")
def test_a_missing_region_says_what_to_set(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert "set AWS_REGION" in problem_of(amazon, region=None)
    assert "set AWS_REGION" in problem_of(amazon, region="no region")


def test_an_address_that_is_none_says_what_to_mend(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", "nonsense")
    assert "AWS_ENDPOINT_URL_REKOGNITION is no address" in problem_of(amazon)


@pytest.mark.rule("aws-settings")
@pytest.mark.usefixtures("amazon")
def test_aws_region_is_where_it_is_called_and_botocores_own_variable_serves_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def try_it(**environ: str) -> str:
        settings = Settings.from_env(
            {"TRAINING_BACKEND": "rekognition", "REKOGNITION_CALLS_PER_SECOND": "1000", **environ},
            for_slack=False,
        )
        boto.session.cache_clear()
        backend = build.training_backend(settings, Event())
        try:
            return backend.ensure_person("a-person")
        except Retry as why:
            return why.reason
        finally:
            backend.close()

    monkeypatch.delenv("AWS_REGION")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert try_it(AWS_REGION="eu-west-1") == "a-person", "AWS_REGION wins"
    assert "InvalidSignatureException" in try_it(), "the stand-in is in eu-west-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert try_it() == "a-person"


LOCAL = """
import sys
from threading import Event
from tagbot import app, build, commands
from tagbot.settings import Settings
build.training_backend(Settings.from_env({"TRAINING_BACKEND": sys.argv[1]}, for_slack=False), Event())
print(sorted({"boto3", "botocore"} & set(sys.modules)))
"""


@pytest.mark.parametrize(("backend", "loaded"), [("local", "[]"), ("rekognition", "['boto3', 'botocore']")])
def test_a_bot_with_the_local_recogniser_does_not_load_boto3(backend: str, loaded: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOCAL, backend], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == loaded


# --- check -------------------------------------------------------------------------------------------------

PROBED = (
    "AssociateFaces", "DeleteFaces", "DescribeCollection", "DetectFaces", "DisassociateFaces", "IndexFaces",
    "ListFaces",
)  # fmt: skip


def test_check_says_how_many_faces_there_are_and_changes_nothing(amazon: Amazon) -> None:
    assert f"the collection {amazon.collection} is made when the first face comes" in amazon.backend.check()
    assert amazon.collection not in amazon.service.collections()
    amazon.tagged()
    users, vectors = amazon.users(), amazon.vectors()
    assert amazon.backend.check() == f"answers, 1 faces in the collection {amazon.collection}"
    assert (amazon.users(), amazon.vectors()) == (users, vectors)


@pytest.mark.rule("permission-named")
@pytest.mark.parametrize("action", PROBED)
@pytest.mark.parametrize("made", [True, False])
def test_check_names_each_permission_that_is_missing(amazon: Amazon, action: str, made: bool) -> None:
    if made:
        amazon.do("CreateCollection")
    amazon.deny(f"rekognition:{action}")
    with pytest.raises(Reject) as why:
        amazon.backend.check()
    first = why.value.reason.splitlines()[0]
    assert (
        first
        == f"AWS denies rekognition:{action}: add it to the bot's IAM policy (`check` prints the policy)"
    )


def test_check_names_all_that_is_missing_at_once(amazon: Amazon) -> None:
    amazon.deny("rekognition:*")
    with pytest.raises(Reject) as why:
        amazon.backend.check()
    first = why.value.reason.splitlines()[0]
    assert all(f"rekognition:{action}:" in first for action in PROBED)


def test_the_policy_allows_exactly_what_the_bot_calls(amazon: Amazon) -> None:
    policy = amazon.backend.policy()
    allowed = {
        action.removeprefix("rekognition:")
        for statement in policy["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    person = amazon.person()
    amazon.tagged(person)
    amazon.service.look(unlike())
    face = amazon.tagged(person)
    amazon.anyway(face)
    amazon.settle()
    amazon.wrong(face)
    amazon.settle()
    amazon.backend.detect(picture(200, 200))
    list(amazon.backend.faces())
    amazon.backend.check()
    assert set(amazon.called()) == allowed
    on_collection, on_anything = policy["Statement"]
    assert on_collection["Resource"] == f"arn:aws:rekognition:*:*:collection/{amazon.collection}"
    assert on_anything["Action"] == "rekognition:DetectFaces"


def test_a_long_model_is_read_page_by_page(amazon: Amazon, crop: bytes) -> None:
    amazon.service.rules.page_size = 2
    person = amazon.backend.ensure_person("a-person")
    faces = [f"face-{number}" for number in range(5)]
    for face in faces:
        assert isinstance(amazon.backend.add_face(face, person, crop, training_id=face), Trained)
    assert sorted(each.face_id for each in amazon.backend.faces()) == faces
    assert {each.person_ref for each in amazon.backend.faces()} == {"a-person"}
    assert len(amazon.calls("ListFaces")) == 6


def test_the_policy_in_the_documents_is_the_one_that_check_prints() -> None:
    page = (ROOT / "docs/rekognition.md").read_text()
    (written,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert json.loads(written) == backend_on().policy()
