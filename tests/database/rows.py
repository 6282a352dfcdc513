"""Rows of photos and faces, for the tests of the tables."""

import uuid

from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.guesses import Guess
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.write_lock import writing

PHOTO: dict[str, object] = {
    "sha256": "0" * 64,
    "width": 512,
    "height": 512,
    "faces_found": 1,
    "received_at": 1.0,
}


def a_face_row(face_id: str = "F", **changes: object) -> dict[str, object]:
    rectangle = {"left": 1, "top": 2, "width": 90, "height": 91}
    return {"id": face_id, "photo": "0" * 64, "stored_at": 1.0} | rectangle | changes


OF_THE_REQUEST = ("channel", "posting_since", "message_ts", "posted_at", "revision", "shown_revision")


def a_face(**changes: object) -> Face:
    """With any of these columns of a request, one that is asked about in such a request."""
    asked = {name: changes.pop(name) for name in OF_THE_REQUEST if name in changes}
    if asked:
        changes["request"] = Request.create(id=str(uuid.uuid4()), **asked).id
    face_id, sha256 = str(uuid.uuid4()), uuid.uuid4().hex * 2
    photo = {"sha256": sha256, "width": 512, "height": 512, "faces_found": 1, "received_at": 1.0}
    row = {"id": face_id, "photo": sha256, "left": 1, "top": 2, "width": 90, "height": 91, "stored_at": 1.0}
    store_photo(photo, [row | changes])
    return Face.get_by_id(face_id)


def photo_rows(*states: str) -> tuple[dict[str, object], list[dict[str, object]]]:
    """A photo, and a face of it in each of these states."""
    sha256 = uuid.uuid4().hex * 2
    photo = {"sha256": sha256, "width": 512, "height": 512, "faces_found": len(states), "received_at": 1.0}
    faces = [{"id": str(uuid.uuid4()), "photo": sha256, "stored_at": 1.0, "state": each} for each in states]
    return photo, [face | {"left": 1, "top": 2, "width": 90, "height": 91} for face in faces]


def an_earned_vote(person: Person) -> None:
    """The machine was sure of as many faces as its vote takes, always rightly, and learned three of this
    person's.
    """
    judged = {"round": 1, "person": person.id, "at": 1.0, "votes": False, "was_right": True, "judged_at": 1.0}
    with writing():  # one transaction is written to the disk once
        Guess.insert_many({"face": str(uuid.uuid4())} | judged for _ in range(381)).execute()
    for _ in range(3):
        a_face(state="tagged", person=person.id, tagged_at=1.0, face_ref="f")
