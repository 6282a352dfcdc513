"""The waiting faces, as what chooses among them needs them."""

from typing import Any

import pytest

from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.models.requests import Request
from tagbot.database.models.waiting import StoredFaces
from tests.database.rows import a_face
from tests.postgresql import on_every_database

pytestmark = [on_every_database, pytest.mark.usefixtures("url")]


@pytest.mark.rule("groups")
def test_a_face_waits_that_has_no_message_and_no_request() -> None:
    waiting = [a_face() for _ in range(2)]
    a_face(pending="images-in-db:F:1")
    a_face(state="tagged")
    assert (StoredFaces().count(), StoredFaces().ids()) == (2, {face.id for face in waiting})


@pytest.mark.rule("groups")
def test_who_shares_a_request_that_is_on_its_way_waits_no_more() -> None:
    Request.create(id="R")
    carrier, beside, alone = a_face(), a_face(), a_face()
    Face.note(carrier.id, request="R", number=1, pending="images-in-db:F:1")
    Face.note(beside.id, request="R", number=2)
    assert (StoredFaces().count(), StoredFaces().ids()) == (1, {alone.id})


def test_they_are_read_with_their_vectors_also_those_with_a_message() -> None:
    seen, unseen, closed = a_face(), a_face(pending="images-in-db:F:1"), a_face(state="open")
    FaceVector.keep(seen.id, 1, "model", b"1234")
    found = {row[0]: row[1:] for row in StoredFaces().read([seen.id, unseen.id, closed.id, "nobody"])}
    assert found == {
        seen.id: (seen.photo_id, 1.0, False, "model", b"1234"),
        unseen.id: (unseen.photo_id, 1.0, False, None, None),
    }


@pytest.mark.parametrize(
    ("changes", "poor"),
    [({}, False), ({"width": 63}, True), ({"sharpness": 0.49}, True), ({"sharpness": 0.5}, False)],
)
def test_small_and_blurred_ones_are_marked(changes: dict[str, Any], poor: bool) -> None:
    face = a_face(**changes)
    [(_, _, _, is_poor, _, _)] = StoredFaces().read([face.id])
    assert is_poor is poor
