"""Ask in the channel who a face is, while there is room for another request."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tagbot.database.models.faces import Face
from tagbot.database.models.requests import count_open_requests, older_ones_wait
from tagbot.database.write_lock import writing
from tagbot.errors import Reject, Retry
from tagbot.messages import FaceStored
from tagbot.photos.image_keys import context_key, crop_key
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.api_failures import OutcomeUnknown, PictureGone
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.slack.request_of_face import pictures_are_on_their_way, request_of_face
from tagbot.slack.uploads import Picture
from tagbot.vocabulary import RejectionReason, State

TITLES = "Face", "Photo"
"""Of the two pictures in Slack, where everybody may read them."""


def request_tagging_on_slack(message: FaceStored, services: Services) -> tuple[()]:
    """Post the request, leave the face waiting in the database, or reject it as too small."""
    # Again is harmless: a face that no longer waits is left alone, and one that may have been posted is
    # looked for in the channel first.
    face = Face.in_round(message.face_id, message.round)
    if face is None:
        return ()
    if face.state == State.WAITING and _is_too_small(face, services.settings.min_face_size):
        with writing():
            Face.move(
                face.id,
                face.round,
                State.WAITING,
                State.REJECTED,
                reason=RejectionReason.TOO_SMALL,
                pending=None,
            )
    elif face.state == State.WAITING and _take_place(face, services):
        _note_posted(face, _find(face, services) or _post(face, services), services.now())
    if services.settings.slack_pictures == "shared":
        _share_pictures(message.face_id, services)
    return ()


def _is_too_small(face: Face, min_face_size: int) -> bool:
    """An operator who asks again about a small face wants it asked."""
    return face.round == 1 and min(face.width, face.height) < min_face_size


def _take_place(face: Face, services: Services) -> bool:
    """Hold one of the open places; or leave the face waiting, where older ones wait or no place is free."""
    if face.posting_since is not None:
        return True
    with writing():
        free = services.settings.max_open_requests - count_open_requests()
        if free <= 0 or older_ones_wait(face, free):
            Face.note(face.id, pending=None)
            return False
        Face.note(face.id, posting_since=services.now())
        return True


def _find(face: Face, services: Services) -> str | None:
    """The request that an earlier attempt may have posted; None when there was none or it posted nothing."""
    if face.posting_since is None:
        return None
    _let_settle(face.posting_since, services)
    return services.slack.channel.find_request(face.id, face.round, face.posting_since)


def _let_settle(since: float, services: Services) -> None:
    """What was begun then, and whose answer never came, may still be under way."""
    rest = since + SETTLE_SECONDS - services.now()
    if rest > 0:
        raise Retry("a call to Slack may still be under way", after=rest)


def _post(face: Face, services: Services) -> str:
    with _place_given_back(face):
        if services.settings.slack_pictures == "private":
            _have_ready(face, services)
        elif face.crop_file is not None and not _are_ready(face, services):
            _forget_pictures(face)  # of an earlier round; this one's thread gets new ones
    Face.note(face.id, posting_since=services.now())
    try:
        with _place_given_back(face, unless=OutcomeUnknown):
            return services.slack.channel.post(
                request_of_face(face, services.settings.rule), face.id, face.round
            )
    except OutcomeUnknown as lost:
        raise OutcomeUnknown(lost.reason, after=SETTLE_SECONDS) from None


def _note_posted(face: Face, ts: str, now: float) -> None:
    """From now on the request is open; what was posted is what the database says."""
    with writing():
        Face.move(
            face.id,
            face.round,
            State.WAITING,
            State.OPEN,
            message_ts=ts,
            posted_at=now,
            pending=None,
            posting_since=None,
            shown_revision=Face.revision + 1,
        )


@contextmanager
def _place_given_back(face: Face, unless: type[Retry] | tuple[()] = ()) -> Iterator[None]:
    """What surely posted nothing lets another face have the place, until the next attempt if there is one."""
    try:
        yield
    except (Retry, Reject) as why:
        if not isinstance(why, unless):
            Face.note(face.id, posting_since=None)
        raise


def _have_ready(face: Face, services: Services, thread_ts: str | None = None) -> None:
    """Return when Slack can show the face's pictures, which serve all attempts and rounds; those that were
    deleted there are uploaded anew.
    """
    # Their ids are noted before Slack makes files of them, which it does once for each id: however often this
    # is interrupted, no pictures are there twice, and none that nobody knows of. An upload that is not
    # completed, Slack forgets by itself.
    try:
        if face.crop_file is None or face.context_file is None:
            _upload(face, services, sharing=thread_ts is not None)
            _complete(face, services, thread_ts)
        elif not _are_ready(face, services):
            with suppress(PictureGone):  # they are files already, or never can be: that shows below
                _complete(face, services, thread_ts)
        services.slack.uploads.wait_until_ready([str(face.crop_file), str(face.context_file)])
    except PictureGone as gone:
        _forget_pictures(face)
        raise Retry(gone.reason) from None


def _are_ready(face: Face, services: Services) -> bool:
    return services.slack.uploads.are_ready([str(face.crop_file), str(face.context_file)])


def _forget_pictures(face: Face) -> None:
    face.crop_file = face.context_file = None
    Face.note(face.id, crop_file=None, context_file=None)


def _upload(face: Face, services: Services, *, sharing: bool) -> None:
    """Bring the pictures to Slack, and note the intent to have files made of them."""
    crop, context = (services.images.get(key(face.id)) for key in (crop_key, context_key))
    face.crop_file, face.context_file = services.slack.uploads.upload(
        [Picture(crop, TITLES[0], words.FACE_ALT), Picture(context, TITLES[1], words.CONTEXT_ALT)]
    )
    files = {"crop_file": face.crop_file, "context_file": face.context_file}
    Face.note(face.id, **files, **({"posting_since": services.now()} if sharing else {}))


def _complete(face: Face, services: Services, thread_ts: str | None) -> None:
    files = [str(face.crop_file), str(face.context_file)]
    try:
        services.slack.uploads.complete(dict(zip(files, TITLES, strict=True)), thread_ts)
    except OutcomeUnknown as lost:
        raise OutcomeUnknown(lost.reason, after=SETTLE_SECONDS) from None


def _share_pictures(face_id: str, services: Services) -> None:
    """Share the pictures into the request's thread, and then show them in the request too.

    In this order, as only what was shared with the channel is sure to be seen there.
    """
    face = Face.get_by_id(face_id)
    if pictures_are_on_their_way(face):
        _let_settle(face.posting_since or 0.0, services)
    elif face.state != State.OPEN or face.crop_file is not None:
        return
    _have_ready(face, services, face.message_ts)
    with writing():
        this_round = (Face.id == face.id) & (Face.round == face.round)
        Face.update(posting_since=None, revision=Face.revision + 1).where(this_round).execute()
    services.updates.show_soon(face_id)
