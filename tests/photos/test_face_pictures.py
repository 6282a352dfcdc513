"""The pictures of a face, taken together."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import ImageDraw

from tagbot.photos.context_picture import context_picture
from tagbot.photos.cropping import crop_face
from tagbot.photos.decoding import read_photo
from tagbot.photos.rectangle import Rectangle
from tagbot.photos.stored_photo import stored_photo


@pytest.fixture(scope="session")
def astronaut() -> bytes:
    """A real photo of a person, 512 pixels square."""
    spec = find_spec("skimage")
    assert spec
    assert spec.submodule_search_locations
    return (Path(spec.submodule_search_locations[0]) / "data" / "astronaut.png").read_bytes()


@pytest.mark.rule("same-bytes-each-attempt")
def test_the_same_photo_gives_the_same_bytes(astronaut: bytes) -> None:
    face, other = Rectangle(175, 76, 91, 91), Rectangle(300, 100, 80, 80)
    one, again = read_photo(astronaut), read_photo(astronaut)
    ImageDraw.Draw(again.image.copy()).point((0, 0), "red")
    assert crop_face(one, face, [other]) == crop_face(again, face, [other])
    assert context_picture(one, face) == context_picture(again, face)
    assert stored_photo(one) == stored_photo(again)
