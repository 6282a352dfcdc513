"""What every training backend keeps."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image, ImageFilter

from tagbot.photos.cropping import crop_face
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.photos.stored_photo import stored_photo
from tagbot.training.backend import NotSent, Refused, Trained, TrainingBackend
from tagbot.vocabulary import RejectionReason
from tests.training.conftest import seen

FACE = Rectangle(175, 76, 91, 91)


def new_id() -> str:
    return str(uuid4())


def train(
    backend: TrainingBackend, face_id: str, person_ref: str, crop: bytes
) -> Trained | Refused | NotSent:
    return backend.add_face(face_id, person_ref, crop, training_id=new_id())


def found(rig: Any, picture: bytes) -> list[Rectangle]:
    with seen(picture) as photo:
        faces: list[Rectangle] = rig.backend.detect(photo)
        return faces


@pytest.mark.rule("faces-found")
def test_the_face_of_a_person_is_found(rig: Any, portrait: bytes) -> None:
    (face,) = found(rig, portrait)
    assert face.inside(Size(512, 512))
    assert face.overlap(FACE) > 0.8 * FACE.width * FACE.height


def test_the_largest_face_comes_first(rig: Any, group: bytes) -> None:
    faces = found(rig, group)
    assert [400 <= face.left < 1100 for face in faces] == [True, False, False]
    assert faces == sorted(faces, key=lambda face: -face.width * face.height)


def test_that_there_is_no_face_is_no_error(rig: Any, no_person: bytes) -> None:
    assert found(rig, no_person) == []


def test_a_face_at_the_border_lies_within_the_picture(rig: Any, astronaut: Image.Image) -> None:
    cut = astronaut.crop((150, 85, 500, 500))  # through her forehead
    for face in found(rig, stored_photo(Photo(cut))):
        assert face.inside(Size(*cut.size))


@pytest.mark.rule("backends-alike")
def test_a_person_has_one_name_however_often_they_are_made_known(rig: Any) -> None:
    person = new_id()
    assert rig.backend.ensure_person(person) == rig.backend.ensure_person(person)


@pytest.mark.rule("backends-alike")
def test_a_face_is_in_the_model_once_however_often_it_is_added(rig: Any, crop: bytes) -> None:
    face, person, training = new_id(), rig.backend.ensure_person(new_id()), new_id()
    before = len(rig.faces())
    first = rig.backend.add_face(face, person, crop, training_id=training)
    again = rig.backend.add_face(face, person, crop, training_id=training)
    assert isinstance(first, Trained)
    assert again == first
    assert rig.faces()[face] == person
    assert len(rig.faces()) == before + 1


@pytest.mark.rule("undo-forgets")
def test_a_face_can_leave_the_model_and_come_back(rig: Any, crop: bytes) -> None:
    face, person = new_id(), rig.backend.ensure_person(new_id())
    trained = train(rig.backend, face, person, crop)
    assert isinstance(trained, Trained)
    for _ in range(2):
        rig.backend.remove_face(face, person, trained.face_ref, training_id="first")
    assert face not in rig.faces()
    other = rig.backend.ensure_person(new_id())
    assert isinstance(train(rig.backend, face, other, crop), Trained)
    assert rig.faces()[face] == other


@pytest.mark.rule("merge-model-follows")
def test_a_face_can_become_another_persons_and_come_back(rig: Any, crop: bytes) -> None:
    face, anna, ben = new_id(), rig.backend.ensure_person(new_id()), new_id()
    trained = train(rig.backend, face, anna, crop)
    assert isinstance(trained, Trained)
    for old, new in ((anna, ben), (ben, anna), (anna, ben)):
        for _ in range(2):
            assert rig.backend.hand_over(face, trained.face_ref, old, new, training_id=new_id()) == trained
            assert rig.faces()[face] == new
    stranger = rig.backend.ensure_person(new_id())
    assert rig.backend.hand_over(face, trained.face_ref, stranger, anna, training_id=new_id()) == trained
    assert rig.faces()[face] == anna, "also from one whom it was not told of"


@pytest.mark.rule("merge-model-follows")
def test_a_face_that_is_not_in_the_model_is_not_handed_over(rig: Any) -> None:
    known = dict(rig.faces())
    face, anna, ben = new_id(), rig.backend.ensure_person(new_id()), rig.backend.ensure_person(new_id())
    assert rig.backend.hand_over(face, new_id(), anna, ben, training_id=new_id()) is None
    assert rig.faces() == known


@pytest.mark.rule("only-pictures-own-fault")
def test_a_crop_without_a_face_is_refused(rig: Any, no_person: bytes) -> None:
    face = new_id()
    assert train(rig.backend, face, rig.backend.ensure_person(new_id()), no_person) == Refused(
        RejectionReason.NO_FACE
    )
    assert face not in rig.faces()


@pytest.mark.rule("only-pictures-own-fault")
def test_a_blurred_face_is_refused(rig: Any, blurred_crop: bytes) -> None:
    face = new_id()
    assert train(rig.backend, face, rig.backend.ensure_person(new_id()), blurred_crop) == Refused(
        RejectionReason.TOO_BLURRED
    )
    assert face not in rig.faces()


@pytest.mark.rule("only-pictures-own-fault")
@pytest.mark.parametrize("crop", [b"", b"nonsense", b"\xff\xd8\xff\xe0 cut off"])
def test_what_is_no_picture_is_refused(rig: Any, crop: bytes) -> None:
    assert train(rig.backend, new_id(), rig.backend.ensure_person(new_id()), crop) == Refused(
        RejectionReason.NOT_AN_IMAGE
    )


def test_several_threads_may_use_it(rig: Any, crop: bytes, portrait: bytes) -> None:
    person, faces = rig.backend.ensure_person(new_id()), [new_id() for _ in range(6)]
    # To see a picture for the first time takes the stand-in of Amazon one of the processes that the threads
    # have all in hand.
    found(rig, portrait)
    train(rig.backend, new_id(), person, crop)
    with ThreadPoolExecutor(6) as threads:
        seen_faces = threads.map(lambda _: found(rig, portrait), faces)
        trained = threads.map(lambda face: train(rig.backend, face, person, crop), faces)
        assert all(isinstance(answer, Trained) for answer in trained)
        assert len({tuple(answer) for answer in seen_faces}) == 1
    assert set(faces) <= set(rig.faces())


@pytest.mark.parametrize("width", [40, 50, 80, 400])
def test_faces_of_all_sizes_are_trained(rig: Any, astronaut: Image.Image, width: int) -> None:
    factor = width / FACE.width
    photo = Photo(astronaut).scaled(factor)
    face = Rectangle(round(FACE.left * factor), round(FACE.top * factor), width, width)
    answer = train(rig.backend, new_id(), rig.backend.ensure_person(new_id()), crop_face(photo, face, []))
    assert isinstance(answer, Trained)


@pytest.mark.parametrize("radius", [1, 2])
def test_a_slightly_blurred_face_is_trained(rig: Any, astronaut: Image.Image, radius: int) -> None:
    photo = Photo(astronaut.filter(ImageFilter.GaussianBlur(radius)))
    answer = train(rig.backend, new_id(), rig.backend.ensure_person(new_id()), crop_face(photo, FACE, []))
    assert isinstance(answer, Trained)


def test_it_has_a_name_and_says_that_it_is_well(rig: Any) -> None:
    assert rig.backend.name in {"local", "rekognition"}
    assert rig.backend.check()
