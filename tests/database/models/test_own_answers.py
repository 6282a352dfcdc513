"""Whether something happened that a Home shows."""

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.own_answers import stamp
from tagbot.database.models.requests import Request
from tagbot.database.models.rounds import ask_again
from tagbot.database.write_lock import writing
from tagbot.vocabulary import State
from tests.database.rows import a_face
from tests.postgresql import on_every_database

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]


@pytest.mark.rule("home-in-time")
def test_a_face_that_is_asked_anew_and_a_request_that_is_shown_anew_are_noticed() -> None:
    face = a_face(state=State.OPEN, message_ts="1.0")
    first = stamp()
    assert ask_again(face.id, 1, State.OPEN, by="U1")
    request = Request.create(id="R2")
    Face.note(face.id, state=State.OPEN, request=request.id)
    second = stamp()
    assert second != first, "the counts are what they were"
    with writing():
        Request.changed(Request.id == request.id)
    assert stamp() != second, "its pictures came late"
    assert stamp() == stamp()
