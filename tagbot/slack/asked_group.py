"""The request that a click in a message about several faces belongs to, as the database has it."""

from dataclasses import dataclass

from tagbot.database.models.asked import asked_in
from tagbot.database.models.faces import Face
from tagbot.database.models.own_answers import CLOSED
from tagbot.database.models.requests import Request
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.slack import words
from tagbot.slack.group_modals import Numbered
from tagbot.slack.request_id import RequestId
from tagbot.vocabulary import State


@dataclass(frozen=True, slots=True)
class AskedGroup:
    """A request, and the faces that are in it by now."""

    request: Request
    faces: list[Face]

    @property
    def is_closed(self) -> bool:
        """Whether its message takes no more answers, or soon shows so."""
        states = {face.state for face in self.faces}
        return states.isdisjoint((State.WAITING, State.OPEN)) or not states.isdisjoint(CLOSED)

    def numbered(self, *states: str) -> list[Numbered]:
        """Those that are in one of these states."""
        return [
            Numbered(face.id, face.round, face.number or place)
            for place, face in enumerate(self.faces, 1)
            if face.state in states
        ]


def asked_group(asked: RequestId, message_ts: str) -> AskedGroup | None:
    """None where the message of this `ts` asks about nothing any more. Raises `Retry` while the database is
    away.
    """
    with reached(), connected():
        known = asked_in(asked.face_id, asked.round)
        # A request is clicked before its `ts` is noted, where Slack's answer to the post is under way.
        if known is None or not known.faces or message_ts not in ("", known.message_ts or message_ts):
            return None
        return AskedGroup(Request.get_by_id(known.id), Face.of_request(known.id))


def why_closed(asked: RequestId, message_ts: str, channel: str) -> str:
    """Words for a member whose click comes too late; empty where the message takes answers. Raises `Retry`
    while the database is away.
    """
    with reached(), connected():
        group = asked_group(asked, message_ts)
        if group is None:
            return why_late(asked.face_id, message_ts, channel)
        return words.CLOSED if group.is_closed else ""


def why_late(face_id: str, message_ts: str, channel: str) -> str:
    """Words for a member who answers in a message that does not ask about the face any more. This thread is
    connected to the database.
    """
    face = Face.get_or_none(Face.id == face_id)
    if face is not None:
        return words.ASKED_ELSEWHERE if face.state in (State.WAITING, State.OPEN) else words.CLOSED
    # Others that are not there were posted after the backup that this database was restored from.
    return words.FORGOTTEN if Request.about_forgotten(channel, message_ts) else words.FACE_GONE
