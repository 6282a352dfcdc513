"""Comparing the model with the database: each kind of difference, planted by hand, is found and mended."""

import time
from collections.abc import Iterator

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.vectors import TrainedVector
from tagbot.database.write_lock import writing
from tagbot.errors import Retry
from tagbot.maintenance.reconciliation import (
    DOUBLED,
    MISSING,
    ORPHANED,
    WRONG_PERSON,
    counted,
    differences,
    mend,
)
from tagbot.photos.image_keys import crop_key
from tagbot.photos.image_store.folder_store import FolderStore
from tagbot.training.backend import ModelFace, Trained
from tagbot.training.rekognition.rekognition_backend import RekognitionBackend
from tagbot.training.usage import Ledger
from tests.rekognition.pictures import SeenFace
from tests.stages.scenes import fresh, shown, tagged
from tests.training.amazon import Amazon, assert_is_in_the_model_once
from tests.world import World, astronaut

pytestmark = pytest.mark.process


def found(amazon: Amazon) -> list[tuple[str, str]]:
    return sorted((each.kind, each.face_id) for each in differences(amazon.backend))


def put_right(amazon: Amazon, run: str = "1") -> None:
    images = amazon.world.services.images
    mend(list(differences(amazon.backend)), amazon.backend, images, run)


def crop_of(amazon: Amazon, face: Face) -> bytes:
    return amazon.world.services.images.get(crop_key(face.id))


def plant(amazon: Amazon, external_id: str | None, picture: bytes, user: str | None = None) -> str:
    """A vector that the bot knows nothing of."""
    named = {} if external_id is None else {"ExternalImageId": external_id}
    indexed = amazon.do("IndexFaces", Image={"Bytes": picture}, **named)
    ref = str(indexed["FaceRecords"][0]["Face"]["FaceId"])
    if user is not None:
        amazon.do("AssociateFaces", UserId=user, FaceIds=[ref], UserMatchThreshold=0.0)
    return ref


# --- The four kinds ----------------------------------------------------------------------------------------


@pytest.mark.rule("reconcile-finds")
def test_where_nothing_differs_nothing_is_found(amazon: Amazon) -> None:
    person = amazon.person()
    amazon.tagged(person)
    amazon.tagged(person)
    amazon.service.look(lambda _: [SeenFace(similarity=1.0)])
    assert amazon.tagged(person).reason == "differs"
    assert found(amazon) == []
    assert counted([]) == {MISSING: 0, ORPHANED: 0, DOUBLED: 0, WRONG_PERSON: 0}


@pytest.mark.rule("reconcile-fixes")
def test_a_missing_face_is_sent_again_from_its_crop_whatever_the_machine_thinks(amazon: Amazon) -> None:
    person = amazon.person()
    amazon.tagged(person)
    face = amazon.tagged(person)
    amazon.do("DisassociateFaces", UserId=face.person_ref, FaceIds=[face.face_ref])
    amazon.do("DeleteFaces", FaceIds=[face.face_ref])
    assert found(amazon) == [(MISSING, face.id)]
    amazon.service.look(lambda _: [SeenFace(similarity=1.0)])
    put_right(amazon)
    assert found(amazon) == []
    assert fresh(face).face_ref != face.face_ref
    assert_is_in_the_model_once(amazon, face)


@pytest.mark.rule("reconcile-fixes")
def test_a_face_that_is_nobodys_tagged_face_leaves_the_model(amazon: Amazon) -> None:
    face = amazon.tagged()
    plant(amazon, "a-stranger", astronaut())
    plant(amazon, "another-stranger", astronaut(), user=str(face.person_ref))
    plant(amazon, None, astronaut())
    asked = amazon.world.face(posted=True)
    plant(amazon, asked.id, crop_of(amazon, asked))
    assert found(amazon) == [
        (ORPHANED, ""),
        *sorted((ORPHANED, each) for each in ("a-stranger", "another-stranger", asked.id)),
    ]
    put_right(amazon)
    assert found(amazon) == []
    assert list(amazon.vectors()) == [face.id]
    assert_is_in_the_model_once(amazon, face)


@pytest.mark.rule("reconcile-fixes")
def test_of_a_face_that_is_in_the_model_twice_the_one_that_the_database_knows_stays(amazon: Amazon) -> None:
    face = amazon.tagged()
    plant(amazon, face.id, astronaut(), user=str(face.person_ref))
    plant(amazon, face.id, astronaut() + b" ")
    assert found(amazon) == [(DOUBLED, face.id)] * 2
    put_right(amazon)
    assert found(amazon) == []
    assert amazon.vectors() == {face.id: [face.face_ref]}


@pytest.mark.rule("reconcile-fixes")
@pytest.mark.parametrize("somebody_else", [True, False])
def test_a_face_at_the_wrong_person_or_at_nobody_comes_to_its_own(
    amazon: Amazon, somebody_else: bool
) -> None:
    face = amazon.tagged()
    amazon.do("DisassociateFaces", UserId=face.person_ref, FaceIds=[face.face_ref])
    if somebody_else:
        amazon.do("CreateUser", UserId="somebody-else")
        amazon.do("AssociateFaces", UserId="somebody-else", FaceIds=[face.face_ref])
    assert found(amazon) == [(WRONG_PERSON, face.id)]
    put_right(amazon)
    assert found(amazon) == []
    assert_is_in_the_model_once(amazon, face)


def test_all_at_once_over_several_pages_and_twice(amazon: Amazon) -> None:
    person = amazon.person()
    faces = [amazon.tagged(person) for _ in range(4)]
    for run in ("1", "2"):
        missing, wrong, doubled, _ = map(fresh, faces)
        for face in (missing, wrong):
            amazon.do("DisassociateFaces", UserId=face.person_ref, FaceIds=[face.face_ref])
        amazon.do("DeleteFaces", FaceIds=[missing.face_ref])
        plant(amazon, doubled.id, astronaut())
        plant(amazon, "a-stranger", astronaut())
        amazon.service.rules.page_size = 2
        kinds = counted(list(differences(amazon.backend)))
        assert kinds == {MISSING: 1, ORPHANED: 1, DOUBLED: 1, WRONG_PERSON: 1}
        put_right(amazon, run)
        assert found(amazon) == []
        for face in faces:
            assert_is_in_the_model_once(amazon, face)


@pytest.mark.rule("collection-vanished")
def test_after_the_collection_vanished_all_tagged_faces_and_their_people_come_back(amazon: Amazon) -> None:
    people = [amazon.person() for _ in range(2)]
    faces = [amazon.tagged(person) for person in (*people, *people)]
    amazon.do("DeleteCollection")
    assert found(amazon) == sorted((MISSING, face.id) for face in faces)
    put_right(amazon)
    assert found(amazon) == []
    for face in faces:
        assert_is_in_the_model_once(amazon, face)


# --- What cannot be sent again -----------------------------------------------------------------------------


def test_a_face_for_which_there_is_no_place_any_more_stays_tagged_and_its_message_says_so(
    amazon: Amazon,
) -> None:
    person = amazon.person()
    faces = [amazon.tagged(person) for _ in range(2)]
    amazon.do("DeleteCollection")
    amazon.service.rules.faces_per_user = 1
    put_right(amazon)
    assert found(amazon) == []
    (left,) = (fresh(face) for face in faces if fresh(face).face_ref is None)
    assert (left.state, left.reason, left.training_backend) == ("tagged", "person_full", None)
    assert "has enough pictures of this person" in shown(amazon.world, left).text


def test_a_face_whose_crop_is_lost_stays_missing_and_holds_up_no_other(amazon: Amazon) -> None:
    faces = [amazon.tagged() for _ in range(3)]
    amazon.do("DeleteCollection")
    first, *others = sorted(faces, key=lambda face: str(face.id))
    amazon.world.services.images.delete(crop_key(first.id))
    put_right(amazon)
    assert found(amazon) == [(MISSING, first.id)]
    for face in others:
        assert_is_in_the_model_once(amazon, face)


def test_when_amazon_fails_in_the_middle_the_next_run_does_the_rest(amazon: Amazon) -> None:
    faces = [amazon.tagged() for _ in range(3)]
    amazon.do("DeleteCollection")
    amazon.service.fail("AssociateFaces", reset=True, effect=True, skip=3)
    with pytest.raises(Retry):
        put_right(amazon)
    assert len({face_id for _, face_id in found(amazon)}) == 2
    put_right(amazon, "2")
    assert found(amazon) == []
    for face in faces:
        assert_is_in_the_model_once(amazon, face)


def test_a_model_that_cannot_be_read_mends_nothing(amazon: Amazon) -> None:
    face = amazon.tagged()
    amazon.deny("rekognition:ListFaces")
    with pytest.raises(Retry, match="ListFaces"):
        put_right(amazon)
    assert_is_in_the_model_once(amazon, face)


# --- Beside a running bot ----------------------------------------------------------------------------------


@pytest.mark.rule("reconcile-finds")
def test_a_face_in_training_is_left_to_the_bot(amazon: Amazon) -> None:
    face = amazon.agreed()
    amazon.service.fail("AssociateFaces", reset=True)
    amazon.tell(face)
    amazon.work("face-tagged")
    assert list(amazon.vectors()) == [face.id], "indexed, and nobody's yet"
    assert found(amazon) == []
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)


def test_a_face_that_the_bot_takes_up_after_it_was_found_is_left_to_the_bot(amazon: Amazon) -> None:
    amazon.tagged()
    claimed, sent = amazon.agreed(), amazon.agreed()
    for face in (claimed, sent):
        plant(amazon, face.id, crop_of(amazon, face))
    seen = list(differences(amazon.backend))
    assert [each.kind for each in seen] == [ORPHANED] * 2
    amazon.tell(sent)
    amazon.settle()
    amazon.service.fail("AssociateFaces", reset=True, effect=True)
    amazon.tell(claimed)
    amazon.work("face-tagged")

    mend(seen, amazon.backend, amazon.world.services.images, "1")

    assert set(amazon.vectors()) >= {claimed.id, sent.id}
    amazon.settle()
    for face in (claimed, sent):
        assert_is_in_the_model_once(amazon, face)
    assert found(amazon) == []


class Slow(RekognitionBackend):
    """The real backend; a face is tagged just before it reads the model."""

    amazon: Amazon
    late: Face

    def faces(self) -> Iterator[ModelFace]:
        self.amazon.tell(self.late)
        self.amazon.settle()
        yield from super().faces()


def test_a_face_that_is_tagged_while_the_model_is_read_is_not_taken_for_a_difference(
    amazon: Amazon,
) -> None:
    first = amazon.tagged()
    slow = Slow(amazon.door, Ledger(time.time))
    slow.amazon, slow.late = amazon, amazon.agreed()
    assert list(differences(slow)) == []
    assert set(amazon.vectors()) == {first.id, slow.late.id}


class Reopening(FolderStore):
    """The real store; somebody reopens a face just as its crop is read."""

    amazon: Amazon

    def get(self, key: str) -> bytes:
        crop = super().get(key)
        if (face := Face.get_or_none(Face.id == key.split("/")[1], Face.state == "tagged")) is not None:
            self.amazon.wrong(face)
            self.amazon.settle()
        return crop


def test_a_face_that_is_reopened_while_it_is_sent_again_does_not_come_back(amazon: Amazon) -> None:
    face = amazon.tagged()
    amazon.do("DisassociateFaces", UserId=face.person_ref, FaceIds=[face.face_ref])
    amazon.do("DeleteFaces", FaceIds=[face.face_ref])
    images = Reopening(amazon.world.settings.data_dir / "images")
    images.amazon = amazon
    mend(list(differences(amazon.backend)), amazon.backend, images, "1")
    assert (fresh(face).state, fresh(face).round, fresh(face).face_ref) == ("open", 2, None)
    assert amazon.vectors() == {}
    amazon.vote(fresh(face), amazon.person())
    amazon.tell(face)
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)


def test_faces_of_another_backend_are_not_this_ones_business(amazon: Amazon) -> None:
    face = amazon.tagged()
    with writing():
        Face.update(training_backend="local").where(Face.id == face.id).execute()
    amazon.do("DeleteCollection")
    assert found(amazon) == []


# --- The local model ---------------------------------------------------------------------------------------


def locally(world: World) -> list[tuple[str, str]]:
    return sorted((each.kind, each.face_id) for each in differences(world.services.training))


@pytest.mark.rule("reconcile-fixes")
def test_the_local_model_is_compared_and_mended_too(world: World) -> None:
    missing, wrong, fine = (tagged(world, world.slack.people[2]) for _ in range(3))
    services = world.services
    with writing():
        TrainedVector.delete().where(TrainedVector.face_id == missing.id).execute()
        TrainedVector.update(person_ref="somebody-else").where(TrainedVector.face_id == wrong.id).execute()
    crop = services.images.get(crop_key(fine.id))
    assert isinstance(services.training.add_face("a-stranger", "x", crop, training_id="1"), Trained)
    assert locally(world) == sorted(
        [(MISSING, missing.id), (WRONG_PERSON, wrong.id), (ORPHANED, "a-stranger")]
    )
    mend(list(differences(services.training)), services.training, services.images, "1")
    assert locally(world) == []
    assert {vector.face_id: vector.person_ref for vector in TrainedVector.select()} == {
        face.id: face.person_ref for face in (missing, wrong, fine)
    }
