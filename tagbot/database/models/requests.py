"""Requests, the messages in Slack that ask about a face: which are open, which face is asked about next, and
asking about one again.
"""

from collections.abc import Iterator
from typing import Any

from peewee import BooleanField, CharField, CompositeKey, ForeignKeyField, IntegerField

from tagbot.database.models.base import Table
from tagbot.database.models.faces import Face
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.messages import FaceStored
from tagbot.vocabulary import State

OF_ONE_ROUND = (
    "reason", "posting_since", "message_ts", "channel", "posted_at", "person", "claimed_by",
    "training_backend", "person_ref", "face_ref", "closed_at", "closing_shown_at", "tagged_at",
)  # fmt: skip
"""Columns of a face that begin empty in each round; the uploaded pictures serve them all."""


class PastRequest(Table):
    """The request of an earlier round of a face, which is asked about again in a new message."""

    face = ForeignKeyField(Face, backref="past_requests")
    round = IntegerField()
    message_ts = CharField(32)
    reopened_by = CharField(32, null=True)
    """Slack id of the person who had it asked again; null where that was an operator."""
    shown = BooleanField(default=False)
    """Whether Slack shows that it is over."""
    channel = CharField(32, null=True)
    """The channel in which it stands; null where nobody knows."""

    class Meta:
        primary_key = CompositeKey("face", "round")


def ask_again(
    face_id: str,
    round: int,  # noqa: A002 - the glossary's word
    old: str,
    by: str | None,
    *,
    has_message: bool = True,
) -> bool:
    """Begin the next round of a face in state `old`, without the votes of this one; whether this call did.
    Without `has_message`, it waits for `let_next_in` to send it on its way.
    """
    with writing():
        face = Face.get_or_none((Face.id == face_id) & (Face.round == round) & (Face.state == old))
        if face is None:
            return False
        if face.message_ts is not None:
            PastRequest.insert(
                face=face_id,
                round=round,
                message_ts=face.message_ts,
                channel=face.channel,
                reopened_by=by,
            ).on_conflict_ignore().execute()
        Vote.delete().where(Vote.face == face_id).execute()
        again = FaceStored(face_id=face_id, round=round + 1)
        Face.update(
            state=State.WAITING,
            round=round + 1,
            pending=again.id if has_message else None,
            revision=0,
            shown_revision=0,
            **dict.fromkeys(OF_ONE_ROUND),
        ).where(Face.id == face_id).execute()
        return True


def note_channel(face_id: str, round: int, channel: str) -> None:  # noqa: A002 - as above
    """A click says in which channel the request of a round stands, which an earlier version did not note; one
    that is over is to be shown so there.
    """
    with writing():
        of_round = (Face.id == face_id) & (Face.round == round) & Face.message_ts.is_null(False)
        Face.update(channel=channel).where(of_round & Face.channel.is_null()).execute()
        past = (PastRequest.face == face_id) & (PastRequest.round == round) & PastRequest.channel.is_null()
        PastRequest.update(channel=channel, shown=False).where(past).execute()


def let_next_in(max_open_requests: int, given_up: int = 0) -> Iterator[FaceStored]:
    """Send the faces that have waited longest on their way, as many as there is room for open requests.

    The stages that close a request call this; so does a timed job, for the ones that a crash left behind.
    `given_up` is how many faces have a message that asks for them no more: they take no room.
    """
    with writing():
        free = max_open_requests - count_open_requests()
        free -= max(0, count_on_their_way(max(free, 0) + given_up) - given_up)
        faces = next_waiting(free) if free > 0 else []
        messages = [FaceStored(face_id=face.id, round=face.round) for face in faces]
        for message in messages:
            Face.note(message.face_id, pending=message.id)
    yield from messages


def count_open_requests() -> int:
    """Requests that are open in the channel, on their way there, or closed but still shown with their
    controls.
    """
    posting = (Face.state == State.WAITING) & Face.posting_since.is_null(False)
    closing = (Face.state << (State.TRAINING, State.TAGGED, State.REJECTED)) & _is_stale()
    return Face.select().where((Face.state == State.OPEN) | posting | closing).count()


def count_on_their_way(limit: int) -> int:
    """Waiting faces that have a message that is to ask for them, and no room yet; counted up to `limit`."""
    where = _has_message() & Face.posting_since.is_null()
    return len(Face.select(Face.id).where(where).limit(limit))


def next_waiting(limit: int) -> list[Face]:
    """Faces that wait in the database with no message that is to ask for them, oldest first."""
    return list(Face.select().where(_waits()).order_by(Face.stored_at, Face.id).limit(limit))


def older_ones_wait(face: Face, free: int) -> bool:
    """Whether so many older faces wait in the database with no message that is to ask for them."""
    older = (Face.stored_at < face.stored_at) | ((Face.stored_at == face.stored_at) & (Face.id < face.id))
    return len(Face.select(Face.id).where(_waits() & older).limit(free)) == free


def next_with_message(limit: int) -> list[Face]:
    """The oldest waiting faces that have a message that is to ask for them."""
    return list(Face.select().where(_has_message()).order_by(Face.stored_at, Face.id).limit(limit))


def stale_in_slack() -> list[str]:
    """Ids of the faces whose requests in Slack do not show the database's state."""
    behind = [face.id for face in Face.select(Face.id).where(_is_stale())]
    past: Any = PastRequest.select(PastRequest.face).where(~PastRequest.shown).distinct().tuples()
    return behind + [face_id for (face_id,) in past]


def _waits() -> Any:
    return (Face.state == State.WAITING) & Face.pending.is_null()


def _has_message() -> Any:
    return (Face.state == State.WAITING) & Face.pending.is_null(False)


def _is_stale() -> Any:
    return (Face.shown_revision < Face.revision) & Face.message_ts.is_null(False)
