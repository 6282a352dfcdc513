"""Requests that nobody can answer any more: their message was deleted, or stands in a channel that does not
tag any more. Their faces are asked about again.
"""

import logging
from collections.abc import Iterable, Iterator

from tagbot.consensus import Agreed, Rule, Unknown
from tagbot.database.models.faces import Face
from tagbot.database.models.guesses import outcome
from tagbot.database.models.requests import Request
from tagbot.database.models.rounds import ask_again
from tagbot.database.write_lock import writing
from tagbot.slack.channel import Channel
from tagbot.vocabulary import State

log = logging.getLogger(__name__)


def ask_lost_again(
    faces: Iterable[Face], channel: Channel, rule: Rule, *, by: str | None = None
) -> list[Face]:
    """Begin the next round of those of these open faces whose request is lost; which they are. `by` is the
    member who wants it, None where nobody does.
    """
    return [face for face in lost(faces, channel) if _ask_again(face, rule, by)]


def ask_again_if_lost(face: Face, channel: Channel, rule: Rule, *, by: str | None) -> bool:
    """The same for one request, by one of its faces: whether it was lost."""
    faces = [each for each in Face.of_request(face.request_id or "") if each.state == State.OPEN]
    return bool(ask_lost_again(faces, channel, rule, by=by))


def lost(faces: Iterable[Face], channel: Channel) -> Iterator[Face]:
    """Those whose request is not in the channel. First come those of which no look at Slack is needed, which
    may fail; a channel that an earlier version did not note is noted.
    """
    here: dict[str, tuple[Request, list[Face]]] = {}
    for face in faces:
        request = face.request
        if request is not None and request.channel in (None, channel.id):
            here.setdefault(str(request.message_ts), (request, []))[1].append(face)
        else:
            yield face
    gone = channel.missing(here)
    for ts, (request, those) in here.items():
        if ts in gone:
            yield from those
        elif request.channel is None:
            Request.note(request.id, channel=channel.id)


def _ask_again(face: Face, rule: Rule, by: str | None) -> bool:
    with writing():
        # What people have finished goes on without its message.
        finished = isinstance(outcome(face.id, face.round, rule), Agreed | Unknown)
        asked = not finished and ask_again(face.id, face.round, State.OPEN, by, has_message=False)
    if asked:
        log.warning("the request of face=%s is lost; it is asked about again", face.id)
    return asked
