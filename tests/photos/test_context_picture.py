"""The context picture: how much it shows, and the mark around the face."""

import pytest
from hypothesis import given, settings
from PIL import Image

from tagbot.photos.context_picture import context_area, context_picture
from tagbot.photos.decoding import read_photo
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle, Size
from tests.examples import examples
from tests.photos.images import close, colour_at, image_in, pictures_with_faces


@pytest.mark.rule("context-picture")
@settings(max_examples=examples(60))
@given(pictures_with_faces())
def test_the_context_picture_shows_the_face_and_is_small(drawn: tuple[Size, list[Rectangle]]) -> None:
    size, (face, *_) = drawn
    area = context_area(size, face)
    assert area.inside(size)
    assert area.overlap(face) == face.width * face.height
    picture = image_in(context_picture(Photo(Image.new("RGB", size, "grey")), face))
    assert max(picture.size) <= 1000
    assert not picture.getexif()


@pytest.mark.rule("context-picture")
def test_the_context_of_a_small_face_is_zoomed_in() -> None:
    area = context_area(Size(5000, 4000), Rectangle(2000, 2000, 100, 80))
    assert (area.width, area.height) == (450, 450)
    assert context_area(Size(300, 200), Rectangle(10, 10, 100, 80)) == Rectangle(0, 0, 300, 200)


@pytest.mark.rule("context-picture")
@pytest.mark.parametrize("ground", ["black", "white", "grey", "red"])
@pytest.mark.parametrize("face", [Rectangle(0, 0, 100, 100), Rectangle(400, 300, 90, 120)])
def test_the_mark_is_dark_and_light_on_any_ground(ground: str, face: Rectangle) -> None:
    image = Image.new("RGB", (1000, 800), ground)
    picture = image_in(context_picture(Photo(image), face)).convert("L")
    row = 20 if face.top == 0 else picture.height // 2
    greys = picture.crop((0, row, picture.width, row + 1)).tobytes()
    assert min(greys) < 40
    assert max(greys) > 215


@pytest.mark.rule("context-picture")
def test_the_face_itself_is_left_unmarked() -> None:
    photo = Photo(Image.new("RGB", (1000, 1000), "red"))
    picture = context_picture(photo, Rectangle(450, 450, 100, 100))
    shown = read_photo(picture)
    assert shown.size == (480, 480)
    inside, outside = 186, 182  # the face begins at 450 - 275 of 450 pixels, which are shown as 480
    assert close(colour_at(shown, inside + 6, 240), (255, 0, 0))
    assert not close(colour_at(shown, outside, 240), (255, 0, 0))
