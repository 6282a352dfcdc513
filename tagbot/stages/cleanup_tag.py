"""Close a face whose picture cannot be used, saying why."""

from collections.abc import Iterator

from tagbot.messages import FaceStored, TrainingRefused
from tagbot.models import REJECTED, TRAINING, Face, Vote, writing
from tagbot.services import Services
from tagbot.waiting import let_next_in


def cleanup_tag(message: TrainingRefused, services: Services) -> Iterator[FaceStored]:
    """Reject the face with the reason, drop its votes, and let the next face in."""
    # Again is harmless: the state moves once, and the votes go with it.
    with writing():
        if Face.move(message.face_id, message.round, TRAINING, REJECTED, reason=message.reason, person=None):
            Vote.delete().where(Vote.face == message.face_id).execute()
    services.updates.show(message.face_id)
    yield from let_next_in(services.settings.max_open_requests)
