"""What the recogniser says of the face in a crop."""

import math
import struct

import pytest
from PIL import Image, ImageDraw, ImageFilter

from tagbot.photos.cropping import crop_face
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle
from tagbot.photos.stored_photo import stored_photo
from tagbot.recognition.description import Description
from tagbot.vocabulary import RejectionReason
from tests.recogniser import shared_recogniser
from tests.recognition.faces import astronaut, blurred, crop_of, masked, turned
from tests.world import FACE

pytestmark = pytest.mark.process

OTHER_PERSON = 0.6
"""From this distance on, two vectors are of different people."""


def describe(crop: bytes) -> Description | RejectionReason:
    described: Description | RejectionReason = shared_recogniser().call("describe", crop)
    return described


def vector(crop: bytes) -> tuple[float, ...]:
    described = describe(crop)
    assert isinstance(described, Description)
    assert described.model == "dlib-resnet"
    return struct.unpack("<128f", described.vector)


def apart(crop: bytes, other: bytes) -> float:
    return math.dist(vector(crop), vector(other))


def test_a_face_has_nearly_the_same_vector_in_another_size() -> None:
    small = crop_face(Photo(astronaut()).scaled(0.7), Rectangle(122, 53, 64, 64), [])
    assert apart(crop_of(astronaut()), small) < 0.2


def test_of_several_faces_in_a_crop_the_one_in_the_middle_counts() -> None:
    scene = Image.new("RGB", (540, 300), "grey")
    head = astronaut().crop((130, 30, 310, 210))
    scene.paste(head.filter(ImageFilter.GaussianBlur(3)).resize((220, 220)), (0, 80))
    scene.paste(head, (190, 60))
    middle = stored_photo(Photo(scene.crop((60, 0, 500, 300))))
    assert apart(middle, crop_of(astronaut())) < 0.2


@pytest.mark.rule("turned-faces-described")
@pytest.mark.parametrize("degrees", [45, 90, 180, -60])
def test_a_face_that_lies_on_its_side_is_levelled_first(degrees: int) -> None:
    assert apart(crop_of(turned(degrees)), crop_of(astronaut())) < 0.25


@pytest.mark.rule("turned-faces-described")
def test_a_masked_face_is_a_face_too() -> None:
    assert len(vector(crop_of(masked()))) == 128


@pytest.mark.parametrize(
    ("radius", "reason"),
    [(3, RejectionReason.TOO_BLURRED), (6, RejectionReason.TOO_BLURRED), (40, RejectionReason.NO_FACE)],
)
def test_blurred_means_that_there_is_something_like_a_face(radius: int, reason: str) -> None:
    assert describe(crop_of(blurred(radius))) == reason


@pytest.mark.parametrize("image", [Image.new("RGB", (200, 200), "grey"), Image.radial_gradient("L")])
def test_a_smooth_picture_is_not_a_blurred_face(image: Image.Image) -> None:
    assert describe(stored_photo(Photo(image.convert("RGB")))) == RejectionReason.NO_FACE


def test_a_tight_blurred_crop_is_seen_to_be_blurred() -> None:
    tight = Photo(blurred(3).crop((165, 66, 276, 177)))
    assert describe(stored_photo(tight)) == RejectionReason.TOO_BLURRED


def test_a_sharp_edge_in_front_of_a_blurred_face_does_not_make_it_sharp() -> None:
    image = blurred(5)
    ImageDraw.Draw(image).rectangle((170, 135, 270, 142), fill="white")
    assert describe(crop_of(image)) == RejectionReason.TOO_BLURRED


def test_a_small_face_is_not_blurred_because_it_is_small() -> None:
    factor = 40 / FACE.width
    small = Rectangle(round(FACE.left * factor), round(FACE.top * factor), 40, 40)
    assert isinstance(describe(crop_face(Photo(astronaut()).scaled(factor), small, [])), Description)
