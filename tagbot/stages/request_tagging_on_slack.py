"""Ask in the channel who a face is, while there is room for another request."""

from collections.abc import Iterator
from contextlib import contextmanager

from tagbot import words
from tagbot.errors import Reject, Retry
from tagbot.messages import FaceStored
from tagbot.models import OPEN, REJECTED, WAITING, Face, context_key, crop_key, writing
from tagbot.services import Services
from tagbot.slack.client import OutcomeUnknown, Picture, PictureGone
from tagbot.slack.requests import render

SETTLE_SECONDS = 5.0
"""How long a post whose answer never came may still take to appear in the channel's history."""


def request_tagging_on_slack(message: FaceStored, services: Services) -> tuple[()]:
    """Post the request, leave the face waiting in the database, or reject it as too small."""
    # Again is harmless: a face that no longer waits is left alone, and one that may have been posted is
    # looked for in the channel first.
    face = Face.get_or_none((Face.id == message.face_id) & (Face.round == message.round))
    if face is None:
        return ()
    if face.state == WAITING and _is_too_small(face, services.settings.min_face_size):
        with writing():
            Face.move(face.id, face.round, WAITING, REJECTED, reason="too_small", pending=None)
    elif face.state == WAITING and _take_place(face, services):
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
        free = services.settings.max_open_requests - Face.places_taken()
        if free <= 0 or Face.older_ones_wait(face, free):
            Face.note(face.id, pending=None)
            return False
        Face.note(face.id, posting_since=services.now())
        return True


def _find(face: Face, services: Services) -> str | None:
    """The request that an earlier attempt may have posted; None when there was none or it posted nothing."""
    if face.posting_since is None:
        return None
    rest = face.posting_since + SETTLE_SECONDS - services.now()
    if rest > 0:
        raise Retry("a post may still be under way", after=rest)
    return services.slack.find_request(face.id, face.round, face.posting_since)


def _post(face: Face, services: Services) -> str:
    if services.settings.slack_pictures == "private":
        with _place_given_back(face):
            _have_ready(face, services)
    Face.note(face.id, posting_since=services.now())
    try:
        with _place_given_back(face, unless=OutcomeUnknown):
            return services.slack.post(render(face, services.settings.rule), face.id, face.round)
    except OutcomeUnknown as lost:
        raise OutcomeUnknown(lost.reason, after=SETTLE_SECONDS) from None


def _note_posted(face: Face, ts: str, now: float) -> None:
    """From now on the request is open; what was posted is what the database says."""
    with writing():
        Face.move(
            face.id,
            face.round,
            WAITING,
            OPEN,
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
    """Return when Slack can show the face's pictures; those that were deleted there are uploaded anew."""
    try:
        services.slack.wait_until_ready(_uploaded(face, services, thread_ts))
    except PictureGone as gone:
        Face.note(face.id, crop_file=None, context_file=None)
        raise Retry(gone.reason) from None


def _uploaded(face: Face, services: Services, thread_ts: str | None = None) -> list[str]:
    """Slack's ids of the two pictures, uploaded once for all attempts and rounds."""
    if face.crop_file is None or face.context_file is None:
        face.crop_file, face.context_file = services.slack.upload(
            [
                Picture(services.images.get(crop_key(face.id)), "Face", words.FACE_ALT),
                Picture(services.images.get(context_key(face.id)), "Photo", words.CONTEXT_ALT),
            ],
            thread_ts,
        )
        # In the same write, so that no attempt that ends here leaves the request without its pictures.
        changes = {"crop_file": face.crop_file, "context_file": face.context_file}
        Face.note(face.id, revision=Face.revision + 1, **changes)
    return [face.crop_file, face.context_file]


def _share_pictures(face_id: str, services: Services) -> None:
    """Share the pictures into the request's thread, and then show them in the request too.

    In this order, as only what was shared with the channel is sure to be seen there.
    """
    face = Face.get_by_id(face_id)
    are_shown = face.crop_file is not None and face.shown_revision >= face.revision
    if face.state != OPEN or face.message_ts is None or are_shown:
        return
    _have_ready(face, services, face.message_ts)
    services.updates.show_soon(face_id)
