"""Close a face that cannot be tagged, saying why."""

from collections.abc import Iterator

from tagbot.consensus import Agreed, Unknown, consensus
from tagbot.messages import NOT_A_FACE, FaceStored, TrainingRefused
from tagbot.models import OPEN, REJECTED, TRAINING, Face, Vote, writing
from tagbot.services import Services
from tagbot.waiting import let_next_in

UNKNOWN = "unknown"
UNANSWERED = "unanswered"

PEOPLE_SAID_SO = frozenset({NOT_A_FACE, UNKNOWN})
"""Reasons that are people's answers: these votes stay."""


def cleanup_tag(message: TrainingRefused, services: Services) -> Iterator[FaceStored]:
    """Reject the face with the reason, and let the next face in."""
    # Again is harmless: the state moves once, and the votes go with it.
    # A request that nobody finished is open; if people finish it meanwhile, it is theirs.
    old = OPEN if message.reason == UNANSWERED else TRAINING
    with writing():
        moved = not _is_finished(message, services) and Face.move(
            message.face_id,
            message.round,
            old,
            REJECTED,
            reason=message.reason,
            person=None,
            **({"closed_at": services.now()} if old == OPEN else {}),
        )
        if moved and message.reason not in PEOPLE_SAID_SO:
            Vote.delete().where(Vote.face == message.face_id).execute()
    services.updates.show(message.face_id)
    yield from let_next_in(services.settings.max_open_requests)


def _is_finished(message: TrainingRefused, services: Services) -> bool:
    """Whether people have answered in full what is to be closed as unanswered."""
    outcome = consensus(Vote.of(message.face_id), services.settings.rule)
    return message.reason == UNANSWERED and isinstance(outcome, Agreed | Unknown)
