"""The request that an answer, or another click, is about."""

from dataclasses import dataclass

from tagbot.database.models.base import execute
from tagbot.database.models.requests import Request

OF_THE_FACE = """
    SELECT request.id, request.channel, request.message_ts, request.closing_shown_at,
           face.id, face.round, face.state, face.reason
    FROM face AS clicked
    JOIN request ON request.id = clicked.request_id
    JOIN face ON face.request_id = request.id
    WHERE clicked.id = ? AND clicked.round = ?
    ORDER BY face.number, face.id
"""
OF_A_PAST_ROUND = """
    SELECT request.id, request.channel, request.message_ts, request.closing_shown_at,
           face.id, face.round, face.state, face.reason
    FROM past_round
    JOIN request ON request.id = past_round.request_id
    LEFT JOIN face ON face.request_id = request.id
    WHERE past_round.face_id = ? AND past_round.round = ?
    ORDER BY face.number, face.id
"""


@dataclass(slots=True)
class AskedFace:
    """Those columns of a `Face` that an answer about it depends on."""

    id: str
    round: int
    state: str
    reason: str | None


@dataclass(slots=True)
class AskedRequest:
    """Those columns of a `Request` that an answer depends on, with the faces that are asked in it."""

    id: str
    channel: str | None
    message_ts: str | None
    closing_shown_at: float | None
    faces: list[AskedFace]


def asked_in(face_id: str, round: int) -> AskedRequest | None:  # noqa: A002 - the glossary's word
    """The request in which a face is or was asked about in this round; None where it never was. Where the
    face has left the request, the others in it are what is asked there.
    """
    rows = execute(OF_THE_FACE, face_id, round).fetchall()
    rows = rows or execute(OF_A_PAST_ROUND, face_id, round).fetchall()
    if not rows:
        return None
    request_id, channel, message_ts, closing_shown_at = rows[0][:4]
    faces = [AskedFace(*row[4:]) for row in rows if row[4] is not None]
    return AskedRequest(request_id, channel, message_ts, closing_shown_at, faces)


def note_channel(asked: AskedRequest, channel: str) -> None:
    """A click says in which channel the request stands, which an earlier version did not note; one that is
    over is to be shown so there.
    """
    where = (Request.id == asked.id) & Request.channel.is_null()
    Request.update(channel=channel, revision=Request.revision + 1).where(where).execute()
