"""The photo as it is stored."""

import pytest
from PIL import Image

from tagbot.photos.decoding import read_photo
from tagbot.photos.pixels import Photo
from tagbot.photos.stored_photo import stored_photo
from tests.photos.images import noise


@pytest.mark.ci
def test_a_photo_of_noise_is_stored_so_that_it_can_be_read_again() -> None:
    noisy = noise(500, 500).resize((5000, 5000), Image.Resampling.NEAREST)
    assert read_photo(stored_photo(Photo(noisy))).size == (5000, 5000)
