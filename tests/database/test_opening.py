"""Opening the database, and reading many rows of it."""

import pytest

from tagbot.database.models.base import database
from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.people import Person
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected, open_database, streamed
from tagbot.database.write_lock import writing
from tests.database.rows import PHOTO, a_face_row
from tests.postgresql import on_every_database


@on_every_database
def test_data_of_this_version_is_there_when_it_is_opened_again(url: str) -> None:
    store_photo(PHOTO, [a_face_row()])
    with writing():
        person = Person.with_name("Zoë  Ångström", "zoe@example.com", 5.0)
        Vote.put(face_id="F", tagger="U1", answer=person.id, round=1, at=1_800_000_000.123456)
    database.close()
    open_database(url)
    with connected():
        assert Person.get_by_id(person.id).name == "Zoë Ångström"
        assert [(vote.tagger, vote.at) for vote in Vote.of("F")] == [("U1", 1_800_000_000.123456)]
        assert Face.get_by_id("F").photo.width == 512


@pytest.mark.rule("export-in-little-memory")
def test_streamed_rows_stay_on_the_server_until_they_are_asked_for(server_url: str) -> None:
    def cursors() -> int:
        [count] = database.execute_sql("SELECT count(*) FROM pg_cursors").fetchone()
        return int(count)

    open_database(server_url)
    with connected():
        with writing():
            Notice.insert_many(
                [{"name": f"{number:04d}", "text": "", "since": 1.0} for number in range(1000)]
            ).execute()
        rows = streamed(Notice.select().order_by(Notice.name))
        first = next(rows)
        assert (first.name, cursors()) == ("0000", 1)
        assert (len(list(rows)), cursors()) == (999, 0)
