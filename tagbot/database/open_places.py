"""Faces that wait in the database for a free place in the channel."""

from collections.abc import Iterator

from tagbot.database.models import Face, writing
from tagbot.messages import FaceStored


def let_next_in(max_open_requests: int, given_up: int = 0) -> Iterator[FaceStored]:
    """Send the faces that have waited longest on their way, as many as there are free places.

    Whoever closes a request calls this; so does a timed job, for what a crash in between left behind. So many
    faces as are `given_up` have a message that asks for them no more: they keep nobody's place.
    """
    with writing():
        free = max_open_requests - Face.places_taken()
        free -= max(0, Face.on_their_way(max(free, 0) + given_up) - given_up)
        faces = Face.next_waiting(free) if free > 0 else []
        messages = [FaceStored(face_id=face.id, round=face.round) for face in faces]
        for message in messages:
            Face.note(message.face_id, pending=message.id)
    yield from messages
