"""Take the faces that somebody struck out of a request, and have them asked about apart."""

from collections.abc import Iterator, Sequence

from tagbot.database.models.asked import AskedFace, AskedRequest, asked_in
from tagbot.database.models.bookkeeping import Effort
from tagbot.database.models.different_people import DifferentPeople, struck_out_pairs
from tagbot.database.models.faces import Face
from tagbot.database.models.requests import Request
from tagbot.database.models.rounds import PastRound, ask_again
from tagbot.database.write_lock import writing
from tagbot.messages import FacesStruckOut, FaceStored
from tagbot.services import Services
from tagbot.slack import request_pictures, words
from tagbot.vocabulary import State

CLICKS_OF_THE_MODAL = 2
"""To open it and to submit it; and one for each face."""


def split_group(message: FacesStruckOut, services: Services) -> Iterator[FaceStored]:
    """Begin the next round of the struck-out faces without votes; the others stay with theirs."""
    # Again is harmless: a face leaves a request once. The repetition tells of the next rounds once more, and
    # those are asked about once; it shows what is not shown yet.
    asked = asked_in(message.face_id, message.round)
    with writing():
        struck_out = _strike_out(message, asked) if asked is not None else []
    if asked is None or not (struck_out or _did(message, asked)):
        services.tell(message, words.NOTHING_TO_SPLIT)
        return
    for past in _did(message, asked):
        yield FaceStored(face_id=past.face_id, round=past.round + 1)
    _show_the_rest(asked.id, services)


def _strike_out(message: FacesStruckOut, asked: AskedRequest) -> list[AskedFace]:
    """Those that leave: of a request that still collects answers, in which they are."""
    still_open = [face for face in asked.faces if face.state == State.OPEN]
    odd = [face for face in still_open if face.id in message.odd_ones]
    if len(still_open) > 1:
        rest = [face.id for face in asked.faces if face not in odd]
        DifferentPeople.note(struck_out_pairs([face.id for face in odd], rest))
        if odd:
            Effort.add_clicks(CLICKS_OF_THE_MODAL + len(odd))
        return [
            face for face in odd if ask_again(face.id, face.round, State.OPEN, by=message.by, struck_out=True)
        ]
    return []


def _did(message: FacesStruckOut, asked: AskedRequest) -> Sequence[PastRound]:
    """The rounds that this message has ended."""
    of_request = (PastRound.request == asked.id) & (PastRound.face << message.odd_ones)
    return list(PastRound.select().where(of_request & PastRound.struck_out))


def _show_the_rest(request_id: str, services: Services) -> None:
    """With a picture of those that stay."""
    request, faces = Request.get_by_id(request_id), Face.of_request(request_id)
    if any(face.state == State.OPEN for face in faces):
        share = services.settings.slack_pictures == "shared"
        request_pictures.have_ready(
            request, faces, services.slack, services.images, share=share, now=services.now
        )
        with writing():
            Request.note(request_id, posting_since=None)
            Request.changed(Request.id == request_id)
    services.updates.show(request_id)
