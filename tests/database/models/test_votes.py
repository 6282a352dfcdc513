"""Votes: a later answer replaces an earlier one."""

import pytest
from peewee import IntegrityError

from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tests.database.rows import a_face
from tests.postgresql import on_every_database

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]


@pytest.mark.parametrize("times", [(1.0, 2.0), (2.0, 1.0), (1.0, 2.0, 1.0, 2.0)])
def test_the_later_answer_of_a_tagger_stays_whichever_is_stored_first(times: tuple[float, ...]) -> None:
    face = a_face()
    for at in times:
        Vote.put(face_id=face.id, tagger="U1", answer=f"at {at}", round=1, at=at)
    assert [vote.answer for vote in Vote.of(face.id)] == ["at 2.0"]


def test_votes_come_in_the_order_in_which_they_were_given() -> None:
    face = a_face()
    for tagger, at in (("U3", 3.0), ("U1", 1.0), ("U2", 2.0)):
        Vote.put(face_id=face.id, tagger=tagger, answer="U9", round=1, at=at)
    assert [vote.tagger for vote in Vote.of(face.id)] == ["U1", "U2", "U3"]


def test_what_a_row_refers_to_has_to_exist() -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), writing():
        Vote.put(face_id="nobody", tagger="U1", answer="U2", round=1, at=1.0)
