"""Ask in the channel who faces are, while there is room for another request."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.models.places import note_posted
from tagbot.database.models.requests import Request
from tagbot.database.models.rounds import PastRound
from tagbot.database.write_lock import writing
from tagbot.errors import Reject, Retry
from tagbot.messages import FaceStored
from tagbot.services import Services
from tagbot.slack import request_pictures
from tagbot.slack.api_failures import ChannelClosed, OutcomeUnknown
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.slack.request_state import pictures_are_on_their_way, request_as_it_is
from tagbot.stages.machines_opinion import note_opinion
from tagbot.stages.unusable_faces import why_nobody_could_tell
from tagbot.vocabulary import State

log = logging.getLogger(__name__)


def request_tagging_on_slack(message: FaceStored, services: Services) -> tuple[()]:
    """Post the face's request, leave the face waiting in the database, or reject it as too small or too
    blurred.
    """
    # Again is harmless: a face that no longer waits is left alone, and a request that may have been posted is
    # looked for in the channel first.
    face = Face.in_round(message.face_id, message.round)
    if face is None or not _carries_its_request(face):
        return ()
    unusable = why_nobody_could_tell(face, services.settings.min_face_size)
    # An operator who asks again about such a face wants it asked.
    if face.state == State.WAITING and unusable and face.round == 1 and face.request_id is None:
        with writing():
            Face.move(face.id, face.round, State.WAITING, State.REJECTED, reason=unusable, pending=None)
            FaceVector.forget(face.id)
    elif face.state == State.WAITING:
        request = services.places.take(face, channel=services.slack.channel.id, now=services.now())
        if request is not None:
            _ask(request, services)
    if services.settings.slack_pictures == "shared":
        _share_pictures(message.face_id, services)
    return ()


def _carries_its_request(face: Face) -> bool:
    """Whether its message is the one to ask about it, and about those that share its request."""
    return face.request_id is None or Face.of_request(face.request_id)[0].id == face.id


def _ask(request: Request, services: Services) -> None:
    faces = Face.of_request(request.id)
    with _place_given_back(request):
        note_opinion(request, faces, services)
    message_ts, channel = _post(request, faces, services)
    note_posted(request.id, message_ts=message_ts, channel=channel, posted_at=services.now())
    log.info("request=%s asks about face=%s", request.id, ",".join(face.id for face in faces))


def _let_settle(since: float, services: Services) -> None:
    """A call that was begun then, without an answer, may still be under way."""
    rest = since + SETTLE_SECONDS - services.now()
    if rest > 0:
        raise Retry("a call to Slack may still be under way", after=rest)


def _post(request: Request, faces: Sequence[Face], services: Services) -> tuple[str, str]:
    """The `ts` of the request, and the channel in which it is; one that an earlier attempt may have posted is
    looked for first.
    """
    slack = services.slack
    if request.posting_since is not None:
        _let_settle(request.posting_since, services)
        tried = request.channel or slack.channel.id
        found = _found(faces[0], request, tried, services)
        if found is not None:
            return found, tried
    with _place_given_back(request):
        if services.settings.slack_pictures == "private":
            request_pictures.have_ready(request, faces, slack, services.images, now=services.now)
        elif len(faces) == 1 and faces[0].crop_file is not None and not _can_be_seen(faces[0], services):
            request_pictures.forget(request, faces)  # of an earlier round; this one's thread gets new ones
    Request.note(request.id, posting_since=services.now(), channel=slack.channel.id)
    try:
        with _place_given_back(request, unless=OutcomeUnknown):
            rendered = request_as_it_is(request, faces, services.settings.rule, slack.channel.id)
            return slack.channel.post(rendered, faces[0].id, faces[0].round), slack.channel.id
    except OutcomeUnknown as lost:
        raise OutcomeUnknown(lost.reason, after=SETTLE_SECONDS) from None


def _found(face: Face, request: Request, channel: str, services: Services) -> str | None:
    """The `ts` of the request that an earlier attempt posted in a channel, if it did."""
    since = request.posting_since or 0.0
    try:
        return services.slack.channel.find_request(face.id, face.round, since, channel)
    except ChannelClosed:
        if channel == services.slack.channel.id:
            raise
        return None  # nobody is asked there any more


def _can_be_seen(face: Face, services: Services) -> bool:
    """Whether the pictures that an earlier round shared are in this channel still."""
    elsewhere = Request.channel != services.slack.channel.id  # null, which nobody knows, is not
    if PastRound.select().join(Request).where((PastRound.face == face.id) & elsewhere).exists():
        return False
    files = [str(face.crop_file), str(face.context_file)]
    return services.slack.uploads.are_ready(files)


@contextmanager
def _place_given_back(request: Request, unless: type[Retry] | tuple[()] = ()) -> Iterator[None]:
    """After a failure that surely posted nothing, another face may have the place until the next attempt."""
    try:
        yield
    except (Retry, Reject) as why:
        if not isinstance(why, unless):
            Request.note(request.id, posting_since=None)
        raise


def _share_pictures(face_id: str, services: Services) -> None:
    """Share the pictures into the request's thread, and then show them in the request too.

    In this order, as only what was shared with the channel is sure to be seen there.
    """
    request = Face.get_by_id(face_id).request
    here = (None, services.slack.channel.id)
    if request is None or request.message_ts is None or request.channel not in here:
        return
    faces = Face.of_request(request.id)
    if pictures_are_on_their_way(request):
        _let_settle(request.posting_since or 0.0, services)
    elif faces[0].state != State.OPEN or request_pictures.noted(request, faces):
        return
    request_pictures.have_ready(request, faces, services.slack, services.images, share=True, now=services.now)
    with writing():
        Request.note(request.id, posting_since=None)
        Request.changed(Request.id == request.id)
    services.updates.show_soon(request.id)
