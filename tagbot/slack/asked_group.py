"""The request that a click in a message about several faces belongs to, as the database has it."""

from dataclasses import dataclass

from tagbot.database.models.asked import asked_in
from tagbot.database.models.faces import Face
from tagbot.database.models.requests import Request
from tagbot.database.opening import connected
from tagbot.database.outages import reached
from tagbot.slack.group_modals import Numbered
from tagbot.slack.request_id import RequestId


@dataclass(frozen=True, slots=True)
class AskedGroup:
    """A request, and the faces that are in it by now."""

    request: Request
    faces: list[Face]

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
        if known is None or not known.faces or message_ts not in ("", known.message_ts):
            return None
        return AskedGroup(Request.get_by_id(known.id), Face.of_request(known.id))
