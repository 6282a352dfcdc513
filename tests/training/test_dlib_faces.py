import math
import struct
from typing import Any

import pytest
from PIL import Image, ImageFilter

from tagbot.errors import Reject
from tagbot.photos.cropping import crop_face
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle
from tagbot.photos.stored_photo import stored_photo
from tagbot.training.backend import Refused, Trained
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import RejectionReason

FACE = Rectangle(175, 76, 91, 91)


def vector(backend: LocalBackend, vectors: Any, crop: bytes) -> tuple[float, ...]:
    assert backend.add_face("a face", "a person", crop, training_id="1") == Trained("a face")
    person, packed = vectors.rows["a face"]
    assert person == "a person"
    return struct.unpack("<128f", packed)


def test_a_face_has_nearly_the_same_vector_in_another_size(
    local: LocalBackend, vectors: Any, astronaut: Image.Image, crop: bytes
) -> None:
    small = crop_face(Photo(astronaut).scaled(0.7), Rectangle(122, 53, 64, 64), [])
    assert math.dist(vector(local, vectors, crop), vector(local, vectors, small)) < 0.2


def test_of_several_faces_in_a_crop_the_one_in_the_middle_counts(
    local: LocalBackend, vectors: Any, astronaut: Image.Image, crop: bytes
) -> None:
    scene = Image.new("RGB", (540, 300), "grey")
    head = astronaut.crop((130, 30, 310, 210))
    scene.paste(head.filter(ImageFilter.GaussianBlur(3)).resize((220, 220)), (0, 80))
    scene.paste(head, (190, 60))
    middle = vector(local, vectors, stored_photo(Photo(scene.crop((60, 0, 500, 300)))))
    assert math.dist(middle, vector(local, vectors, crop)) < 0.2


def test_small_pictures_are_searched_for_small_faces(local: LocalBackend, astronaut: Image.Image) -> None:
    small = Photo(astronaut).scaled(45 / FACE.width)
    assert len(local.detect(stored_photo(small))) == 1


@pytest.mark.parametrize(
    ("radius", "reason"),
    [(3, RejectionReason.TOO_BLURRED), (6, RejectionReason.TOO_BLURRED), (40, RejectionReason.NO_FACE)],
)
def test_blurred_means_that_there_is_something_like_a_face(
    local: LocalBackend, astronaut: Image.Image, radius: int, reason: str
) -> None:
    blurred = Photo(astronaut.filter(ImageFilter.GaussianBlur(radius)))
    crop = crop_face(blurred, FACE, [])
    assert local.add_face("blurred", "a person", crop, training_id="1") == Refused(RejectionReason(reason))


@pytest.mark.parametrize("image", [Image.new("RGB", (200, 200), "grey"), Image.radial_gradient("L")])
def test_a_smooth_picture_is_not_a_blurred_face(local: LocalBackend, image: Image.Image) -> None:
    crop = stored_photo(Photo(image.convert("RGB")))
    assert local.add_face("smooth", "a person", crop, training_id="1") == Refused(RejectionReason.NO_FACE)


def test_a_tight_blurred_crop_is_seen_to_be_blurred(local: LocalBackend, astronaut: Image.Image) -> None:
    blurred = Photo(astronaut.filter(ImageFilter.GaussianBlur(3)).crop((165, 66, 276, 177)))
    answer = local.add_face("tight", "a person", stored_photo(blurred), training_id="1")
    assert answer == Refused(RejectionReason.TOO_BLURRED)


def test_what_is_no_picture_has_no_faces_to_find(local: LocalBackend) -> None:
    with pytest.raises(Reject, match="not a picture"):
        local.detect(b"nonsense")
