"""The places for open requests in the channel: how many are taken, and which face gets one next."""

import uuid
from collections.abc import Iterator
from typing import Any

from peewee import JOIN, fn

from tagbot.database.models.faces import Face
from tagbot.database.models.requests import Request
from tagbot.database.write_lock import writing
from tagbot.messages import FaceStored
from tagbot.vocabulary import State


def take_place(face: Face, most: int, *, channel: str, now: float) -> Request | None:
    """The request of a waiting face, which holds one of the open places from now on, unless it did before.
    None leaves the face waiting in the database, where older ones wait or no place is free.
    """
    request: Request | None = face.request
    if request is not None and request.posting_since is not None:
        return request
    with writing():
        free = most - count_open_requests()
        if free <= 0 or older_ones_wait(face, free):
            give_up_request(face)
            return None
        if request is None:
            request = Request.create(id=str(uuid.uuid4()))
            Face.note(face.id, request=request.id)
        Request.note(request.id, posting_since=now, channel=channel)
        return request


def give_up_request(face: Face) -> None:
    """Let a face whose request was not posted wait in the database without one."""
    Face.note(face.id, pending=None, request=None)
    if face.request_id is not None:
        Request.delete().where(Request.id == face.request_id).execute()


def note_posted(request_id: str, *, message_ts: str, channel: str | None, posted_at: float) -> bool:
    """The request stands in the channel, and collects answers from now on; whether that is news."""
    with writing():
        waiting = (Face.request == request_id) & (Face.state == State.WAITING)
        if not Face.update(state=State.OPEN, pending=None).where(waiting).execute():
            return False
        noted = {"message_ts": message_ts, "channel": channel, "posted_at": posted_at}
        Request.note(request_id, posting_since=None, **noted)
        return True


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
    closed = Face.state << (State.TRAINING, State.TAGGED, State.REJECTED)
    open_ = Face.select(Face.request).where((Face.state == State.OPEN) & Face.request.is_null(False))
    posting = Request.select(Request.id).where(
        Request.posting_since.is_null(False) & Request.message_ts.is_null()
    )
    shown_open = fn.EXISTS(Face.select().where((Face.request == Request.id) & closed))
    closing = Request.select(Request.id).where(Request.is_stale() & shown_open)
    taken: int = (open_ | posting | closing).count()
    return taken


def count_on_their_way(limit: int) -> int:
    """Waiting faces that have a message that is to ask for them, and no room yet; counted up to `limit`."""
    query = Face.select(Face.id).join(Request, JOIN.LEFT_OUTER)
    return len(query.where(_has_message() & Request.posting_since.is_null()).limit(limit))


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


def _waits() -> Any:
    return (Face.state == State.WAITING) & Face.pending.is_null()


def _has_message() -> Any:
    return (Face.state == State.WAITING) & Face.pending.is_null(False)
