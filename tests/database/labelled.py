"""Faces that people have labelled, for the tests of what is told of them."""

import itertools

from tagbot.database.models.bookkeeping import Effort
from tagbot.database.models.faces import Face
from tagbot.database.models.votes import Vote
from tagbot.vocabulary import RejectionReason, State
from tests.database.rows import a_face

_times = itertools.count(1000)


def label(*answers: str, seconds: float = 60.0, clicks: int = 1) -> Face:
    """A face that these answers of as many people closed, so long after it was asked about."""
    closed_at = float(next(_times))
    is_none = answers[-1] == RejectionReason.NOT_A_FACE
    face = a_face(
        message_ts="1.0",
        posted_at=closed_at - seconds,
        closed_at=closed_at,
        state=State.REJECTED if is_none else State.TAGGED,
        reason=RejectionReason.NOT_A_FACE if is_none else None,
        tagged_at=None if is_none else closed_at,
    )
    for number, answer in enumerate(answers):
        vote = {"face_id": face.id, "tagger": f"T{number}", "answer": answer, "round": 1}
        if Vote.put(**vote, at=closed_at - 1.0):  # type: ignore[arg-type]  # as its parameters are
            Effort.add_answer(clicks)
    return face
