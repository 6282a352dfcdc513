"""The crop: its size, its margins, and no more of other faces than there must be."""

import pytest
from hypothesis import given, settings
from PIL import Image

from tagbot.photos.cropping import CROP_MAX_SIDE, CROP_MIN_SIDE, crop_area, crop_face
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle, Size
from tests.examples import examples
from tests.photos.images import image_in, noise, pictures_with_faces


@pytest.mark.rule("crop-size")
@given(pictures_with_faces())
def test_the_crop_holds_the_face_and_no_more_of_others_than_the_face_does(
    drawn: tuple[Size, list[Rectangle]],
) -> None:
    size, (face, *others) = drawn
    area = crop_area(size, face, others)
    assert area.inside(size)
    assert area.overlap(face) == face.width * face.height
    for other in others:
        assert area.overlap(other) == face.overlap(other)


@pytest.mark.rule("crop-size")
@settings(max_examples=examples(60))
@given(pictures_with_faces())
def test_the_crop_is_a_jpeg_of_a_size_that_rekognition_takes(drawn: tuple[Size, list[Rectangle]]) -> None:
    size, (face, *others) = drawn
    photo = Photo(Image.new("RGB", size, "grey"))
    jpeg = crop_face(photo, face, others)
    crop = image_in(jpeg)
    assert min(crop.size) >= CROP_MIN_SIDE
    assert max(crop.size) <= CROP_MAX_SIDE
    assert not crop.getexif()
    assert jpeg == crop_face(photo, face, others)


@pytest.mark.rule("crop-size")
def test_the_crop_has_half_a_face_of_margin_on_each_side() -> None:
    assert crop_area(Size(1000, 1000), Rectangle(400, 300, 100, 200), []) == Rectangle(350, 200, 200, 400)


def test_the_margin_ends_at_the_border() -> None:
    assert crop_area(Size(500, 500), Rectangle(0, 390, 100, 100), []) == Rectangle(0, 340, 150, 160)


def test_a_small_face_is_widened_before_it_is_enlarged() -> None:
    assert crop_area(Size(500, 500), Rectangle(200, 200, 30, 30), []) == Rectangle(175, 175, 80, 80)
    assert crop_area(Size(500, 500), Rectangle(0, 470, 30, 30), []) == Rectangle(0, 420, 80, 80)
    assert image_in(crop_face(Photo(noise(40, 50)), Rectangle(5, 5, 30, 30), [])).size == (80, 100)


def test_the_margin_towards_a_neighbour_shrinks_and_the_others_stay() -> None:
    face, neighbour = Rectangle(400, 400, 100, 100), Rectangle(520, 380, 100, 100)
    assert crop_area(Size(1000, 1000), face, [neighbour]) == Rectangle.between(350, 350, 520, 550)


@pytest.mark.ci
@pytest.mark.rule("crop-size")
def test_the_largest_crop_of_the_worst_picture_is_below_5_mb() -> None:
    crop = crop_face(Photo(noise(2000, 2000)), Rectangle(0, 0, 2000, 2000), [])
    assert image_in(crop).size == (1024, 1024)
    assert len(crop) <= 5_000_000
