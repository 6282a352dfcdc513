"""Store a tagger's answer as their vote, and show that they answered."""

from collections.abc import Iterator

from tagbot import words
from tagbot.errors import Reject
from tagbot.messages import AnswerGiven, FaceTagged
from tagbot.models import OPEN, WAITING, Face, Vote, writing
from tagbot.services import Services


def store_face_tag_sql(message: AnswerGiven, services: Services) -> Iterator[FaceTagged]:
    """Store the vote, in place of an earlier one by the same tagger."""
    # Again is harmless: there is one vote for each face and tagger, and the same answer writes the same row.
    with writing():
        face = Face.get_or_none(Face.id == message.face_id)
        if face is None:
            raise Reject("the answer is about a face that is not in the database")
        _note_that_it_is_posted(face, message)
        counted = face.round == message.round and _was_open(face, message)
        if counted:
            Vote.put(
                face_id=face.id,
                tagger=message.tagger,
                answer=message.answer,
                round=message.round,
                at=message.at,
            )
            Face.changed(Face.id == face.id)
    if not counted:
        services.slack.tell(message.tagger, words.CLOSED)
    elif face.state == OPEN:
        services.updates.show_soon(face.id)
        yield FaceTagged(face_id=face.id, round=face.round, cause=f"{message.tagger}:{message.at:.6f}")


def _note_that_it_is_posted(face: Face, message: AnswerGiven) -> None:
    """A click proves that the request is in the channel, also before Slack's answer to the post was worked on."""
    if face.state == WAITING and face.round == message.round and message.message_ts:
        Face.move(face.id, face.round, WAITING, OPEN, message_ts=message.message_ts, pending=None)
        face.state = OPEN


def _was_open(face: Face, message: AnswerGiven) -> bool:
    """Whether the face was open when the tagger clicked.

    Slack's clock and ours may differ; the earlier of the two times is the one that cannot wrong the tagger.
    """
    return face.state == OPEN or (
        face.closed_at is not None and min(message.at, message.received) < face.closed_at
    )
