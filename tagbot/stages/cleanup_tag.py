"""Close a face that cannot be tagged, saying why."""

from collections.abc import Iterator

from tagbot.consensus import Agreed, Unknown
from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.models.guesses import outcome
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.messages import FaceStored, TrainingRefused
from tagbot.services import Services
from tagbot.vocabulary import BY_PEOPLE, RejectionReason, State


def cleanup_tag(message: TrainingRefused, services: Services) -> Iterator[FaceStored]:
    """Reject the face with the reason, and let the next face in."""
    # Again is harmless: the state moves once, and the votes go with it.
    unanswered = message.reason == RejectionReason.UNANSWERED
    old = State.OPEN if unanswered else State.TRAINING
    with writing():
        face = Face.in_round(message.face_id, message.round)
        # A request that was not finished in time is open: if people finish it meanwhile, it is theirs.
        decision = outcome(message.face_id, message.round, services.settings.rule)
        finished = unanswered and isinstance(decision, Agreed | Unknown)
        moved = not finished and Face.move(
            message.face_id,
            message.round,
            old,
            State.REJECTED,
            reason=message.reason,
            person=None,
            **({"closed_at": services.now()} if unanswered else {}),
        )
        if moved:
            FaceVector.forget(message.face_id)
        if moved and message.reason not in BY_PEOPLE:
            Vote.delete().where(Vote.face == message.face_id).execute()
    services.updates.show_outcome(face)
    yield from services.places.let_next_in()
