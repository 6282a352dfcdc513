"""Close a face as tagged, and its request as “Tagged as NAME”."""

from collections.abc import Iterator

from peewee import fn

from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.write_lock import writing
from tagbot.messages import FaceStored, TrainingSent
from tagbot.services import Services
from tagbot.vocabulary import State


def finalize_tag(message: TrainingSent, services: Services) -> Iterator[FaceStored]:
    """Give the face its person, have Slack show it, and let the next face in."""
    # Again is harmless: the state moves once, and Slack is only told what it does not show yet.
    with writing():
        face = Face.get_or_none(Face.id == message.face_id)
        # A face that is sent anyway is in training a second time, whose answer this message may not be about.
        if face is not None and (face.face_ref or face.reason) is not None:
            Face.move(
                message.face_id,
                message.round,
                State.TRAINING,
                State.TAGGED,
                tagged_at=fn.COALESCE(Face.tagged_at, services.now()),
            )
            FaceVector.forget(message.face_id)
    services.updates.show_outcome(face)
    yield from services.places.let_next_in()
