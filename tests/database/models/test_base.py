"""Text that not every database keeps."""

import pytest

from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.faces import store_photo
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.opening import connected, open_database
from tests.postgresql import on_every_database


@pytest.mark.rule("postgresql-as-sqlite")
@on_every_database
def test_what_no_database_keeps_is_left_out_of_what_people_write(database_url: str) -> None:
    open_database(database_url)
    with connected():
        photo = {"sha256": "0" * 64, "width": 9, "height": 9, "faces_found": 0, "received_at": 1.0}
        store_photo({**photo, "source": "a\0b", "taken_at": "2026-11-23\00009:30"}, [])
        [kept] = Photo.select()
        assert (kept.source, kept.taken_at) == ("a�b", "2026-11-23�09:30")
        person = Person.with_name("Zo\0\ud800ë", "zoe@example.com", 1.0)
        assert person.name == "Zoë"
        Notice.put("n", "text", 1.0)
