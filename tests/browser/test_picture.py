from tests.browser.picture import PICTURE, digest
from tests.documents.picture import drawn_from


def test_the_picture_shows_todays_page() -> None:
    assert drawn_from(PICTURE) == digest(), "run `make screenshots`, and look at it"
