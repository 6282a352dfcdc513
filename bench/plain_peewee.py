"""The stage StoreFaceTagSql as one writes it with Peewee, for the hop that is measured beside ours."""

from threading import Lock

from peewee import EXCLUDED

from tagbot.database.models.base import database
from tagbot.database.models.faces import Face
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.messages import AnswerGiven, FaceTagged
from tagbot.vocabulary import State

_lock = Lock()
"""SQLite makes whoever waits for the write lock poll for it. With four threads, a lock of one's own is twice
as fast, so the peers get one too.
"""


def store_vote(message: AnswerGiven) -> FaceTagged | None:
    """Store an answer as a vote, durably; the next message, if the face takes answers."""
    with _lock, database.atomic():
        face = Face.get_or_none((Face.id == message.face_id) & (Face.round == message.round))
        if face is None or face.state != State.OPEN:
            return None
        Vote.insert(
            face=face, tagger=message.tagger, answer=message.answer, round=message.round, at=message.at
        ).on_conflict(
            conflict_target=[Vote.face, Vote.tagger],
            update={Vote.answer: EXCLUDED.answer, Vote.round: EXCLUDED.round, Vote.at: EXCLUDED.at},
            where=Vote.at <= EXCLUDED.at,
        ).execute()
        Request.update(revision=Request.revision + 1).where(Request.id == face.request_id).execute()
    return FaceTagged(face_id=face.id, round=face.round, cause=f"{message.tagger}:{message.at:.6f}")
