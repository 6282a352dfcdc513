"""The places for open requests in the channel: how many are taken, and which faces get one next."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from peewee import JOIN, fn

from tagbot.database.models.base import execute
from tagbot.database.models.different_people import who_may_share
from tagbot.database.models.faces import Face
from tagbot.database.models.requests import Request
from tagbot.database.models.waiting import is_poor
from tagbot.database.write_lock import writing
from tagbot.messages import FaceStored
from tagbot.vocabulary import State

# As migration 0033 has its index, word for word: a database uses one of some rows alone where it sees which
# ones are meant.
GOOD_ONES = """
    SELECT id, photo_id, stored_at FROM face
    WHERE state = 'waiting' AND pending IS NULL AND request_id IS NULL
    AND width >= 64 AND height >= 64 AND (sharpness IS NULL OR sharpness >= 0.5)
    ORDER BY stored_at, id LIMIT ?
"""

DAY_SECONDS = 86_400.0
"""A face that waits for longer comes first, whatever it is: so none waits for ever."""


class WaitingFace(NamedTuple):
    """A face that waits in the database to be asked about."""

    id: str
    photo_id: str
    stored_at: float
    is_poor: bool
    """Whether it is small or a little blurred."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The faces that wait, and one that has a message that is to ask for it."""

    arriving: Face | None = None

    def __call__(self, limit: int) -> list[WaitingFace]:
        """So many of them, oldest first."""
        found = {*waiting_faces(limit), *self._arriving()}
        return sorted(found, key=lambda each: (each.stored_at, each.id))[:limit]

    def in_turn(self, limit: int, now: float) -> list[WaitingFace]:
        """So many of them: those that wait for a day, then those that can be seen well, then the others; of
        each kind the oldest first.
        """

        def turn(face: WaitingFace) -> tuple[object, ...]:
            is_new = face.stored_at > now - DAY_SECONDS
            return is_new, is_new and face.is_poor, face.stored_at, face.id

        # Where there are fewer good ones, the first of the others are among the oldest of all.
        found = {*waiting_faces(limit), *good_waiting_faces(limit), *self._arriving()}
        return sorted(found, key=turn)[:limit]

    def _arriving(self) -> Iterator[WaitingFace]:
        if (this := self.arriving) is not None:
            poor = is_poor(this.width, this.height, this.sharpness)
            yield WaitingFace(this.id, this.photo_id, this.stored_at, poor)


NextGroups = Callable[[Waiting, int], Sequence[Sequence[str]]]
"""From the faces that wait, and how many places are free, to whom is asked about next: the ids of the faces
of each request, of the most important one first, and of no more requests than there are places.
"""


def one_by_one(now: Callable[[], float]) -> NextGroups:
    """Each face by itself, small and blurred ones last."""
    return lambda waiting, places: [[face.id] for face in waiting.in_turn(places, now())]


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one channel."""

    most: int
    """`MAX_OPEN_REQUESTS`."""
    next_groups: NextGroups = field(default_factory=lambda: one_by_one(time.time))
    largest: int = 9
    """`MAX_GROUP`: so many faces share a request at most."""

    def take(self, face: Face, *, channel: str, now: float) -> Request | None:
        """The request of a waiting face, which holds a place from now on, unless it did before. None leaves
        the face waiting in the database, where no place is free or others come first.
        """
        request: Request | None = face.request
        if request is not None and request.posting_since is not None:
            return request
        group = self._group_of(face) if request is None else ()
        with writing():
            free = self.most - count_open_requests()
            if request is None and free > 0 and group:
                self._form(group, first=face.id)
                request = Face.get_by_id(face.id).request
            if request is None or free <= 0:
                _let_wait(face, request)
                return None
            Request.note(request.id, posting_since=now, channel=channel)
            return request

    def let_next_in(self, given_up: int = 0) -> Iterator[FaceStored]:
        """Form the next requests, as many as there is room for, and send them on their way.

        The stages that close a request call this; so does a timed job, for the ones that a crash left behind.
        `given_up` is how many requests have a message that asks for them no more: they take no room.
        """
        # To find the groups may take a while, in which others write: what they changed is looked at again.
        free = self._room(given_up)
        groups = self.next_groups(Waiting(), free) if free > 0 else ()
        if not groups:
            return
        with writing():
            room = max(0, self._room(given_up))
            firsts = [first for group in groups[:room] if (first := self._form(group))]
        yield from (FaceStored(face_id=first.id, round=first.round) for first in firsts)

    def _room(self, given_up: int) -> int:
        """For so many requests more than are open or on their way."""
        free = self.most - count_open_requests()
        return free - max(0, count_on_their_way(max(free, 0) + given_up) - given_up)

    def _group_of(self, face: Face) -> Sequence[str]:
        """The group in which a face that has a message is to be asked about; empty where it is not its
        turn.
        """
        free = self.most - count_open_requests()
        groups = self.next_groups(Waiting(face), free) if free > 0 else ()
        return next((group for group in groups if face.id in group), ())

    def _form(self, group: Sequence[str], first: str = "") -> Face | None:
        """Make a request about those faces of a group that wait and may share one; the first of them, whose
        message carries it. Else the oldest comes first.
        """
        with_message = (Face.id == first) & (Face.state == State.WAITING)
        order = (Face.id != first, Face.stored_at, Face.id)
        faces = list(Face.select().where((Face.id << group) & (_waits() | with_message)).order_by(*order))
        faces = who_may_share(faces) if len(faces) > 1 else faces
        faces = faces[: self.largest]
        if not faces:
            return None
        request = Request.create(id=str(uuid.uuid4()))
        for number, face in enumerate(faces, 1):
            Face.note(face.id, request=request.id, number=number, pending=None)
        carrier = faces[0]
        Face.note(carrier.id, pending=FaceStored(face_id=carrier.id, round=carrier.round).id)
        return carrier


def _let_wait(face: Face, request: Request | None) -> None:
    """Let a face whose request was not posted, and those that share it, wait in the database without one."""
    where = Face.id == face.id if request is None else Face.request == request
    Face.update(pending=None, request=None, number=None).where(where).execute()
    if request is not None:
        # Slack may have its picture, which has to be known as long as it is there.
        Request.delete().where((Request.id == request.id) & Request.grid_file.is_null()).execute()


def note_posted(request_id: str, *, message_ts: str, channel: str | None, posted_at: float) -> bool:
    """The request stands in the channel, and collects answers from now on; whether that is news."""
    with writing():
        waiting = (Face.request == request_id) & (Face.state == State.WAITING)
        if not Face.update(state=State.OPEN, pending=None).where(waiting).execute():
            return False
        noted = {"message_ts": message_ts, "channel": channel, "posted_at": posted_at}
        Request.note(request_id, posting_since=None, **noted)
        return True


def count_open_requests() -> int:
    """Requests that are open in the channel, on their way there, or closed but still shown with their
    controls.
    """
    closed = Face.state << (State.TRAINING, State.TAGGED, State.REJECTED)
    open_ = Face.select(Face.request).where((Face.state == State.OPEN) & Face.request.is_null(False))
    unposted = Request.posting_since.is_null(False) & Request.message_ts.is_null()
    posting = Request.select(Request.id).where(unposted)
    shown_open = fn.EXISTS(Face.select().where((Face.request == Request.id) & closed))
    closing = Request.select(Request.id).where(Request.is_stale() & shown_open)
    taken: int = (open_ | posting | closing).count()
    return taken


def count_on_their_way(limit: int) -> int:
    """Waiting faces that have a message that is to ask for them, and no room yet; counted up to `limit`."""
    query = Face.select(Face.id).join(Request, JOIN.LEFT_OUTER)
    return len(query.where(_has_message() & Request.posting_since.is_null()).limit(limit))


def waiting_faces(limit: int) -> list[WaitingFace]:
    """Faces that wait in the database with no message that is to ask for them, oldest first."""
    columns = (Face.id, Face.photo, Face.stored_at, Face.width, Face.height, Face.sharpness)
    rows: Any = Face.select(*columns).where(_waits()).order_by(Face.stored_at, Face.id).limit(limit)
    return [
        WaitingFace(face_id, photo, stored_at, is_poor(*seen))
        for face_id, photo, stored_at, *seen in rows.tuples()
    ]


def good_waiting_faces(limit: int) -> list[WaitingFace]:
    """Those of them that are neither small nor blurred, oldest first."""
    rows = execute(GOOD_ONES, limit).fetchall()
    return [WaitingFace(face_id, photo, stored_at, is_poor=False) for face_id, photo, stored_at in rows]


def next_with_message(limit: int) -> list[Face]:
    """The oldest waiting faces that have a message that is to ask for them."""
    return list(Face.select().where(_has_message()).order_by(Face.stored_at, Face.id).limit(limit))


def _waits() -> Any:
    return (Face.state == State.WAITING) & Face.pending.is_null() & Face.request.is_null()


def _has_message() -> Any:
    return (Face.state == State.WAITING) & Face.pending.is_null(False)
