from concurrent.futures import ThreadPoolExecutor

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.opening import connected
from tagbot.photos.image_keys import crop_key
from tagbot.slack import words
from tests.stages.scenes import fresh, shown, votes
from tests.training.amazon import Amazon, assert_is_in_the_model_once, backend_on, unlike


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


def test_a_face_that_somebody_else_has_by_now_leaves_the_model_all_the_same(amazon: Amazon) -> None:
    face = amazon.tagged()
    amazon.do("DisassociateFaces", UserId=face.person_ref, FaceIds=[face.face_ref])
    amazon.do("CreateUser", UserId="a-stranger")
    amazon.do("AssociateFaces", UserId="a-stranger", FaceIds=[face.face_ref])
    amazon.wrong(face)
    amazon.settle()
    assert amazon.vectors() == {}
    assert (fresh(face).state, fresh(face).round) == ("open", 2)


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
