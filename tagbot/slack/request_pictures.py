"""A face's two pictures at Slack: there once, ready to be shown, and made anew when they were deleted."""

from collections.abc import Callable
from contextlib import suppress

from tagbot.database.models.faces import Face
from tagbot.database.models.requests import Request
from tagbot.database.write_lock import writing
from tagbot.errors import Retry
from tagbot.photos.image_keys import context_key, crop_key
from tagbot.photos.image_store import ImageStore
from tagbot.slack import words
from tagbot.slack.api_failures import OutcomeUnknown, PictureGone
from tagbot.slack.client import Slack
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.slack.uploads import Picture


def have_ready(
    face: Face,
    slack: Slack,
    images: ImageStore,
    *,
    shared_in: Request | None = None,
    now: Callable[[], float],
) -> None:
    """Return when Slack can show the face's pictures, which serve all attempts and rounds; those that were
    deleted there are uploaded anew. With `shared_in` they are shared into the thread of that request,
    which is noted as under way.
    """
    # Their ids are noted before Slack makes files of them, which it does once for each id: however often this
    # is interrupted, no pictures are there twice, and none that are noted nowhere. An upload that is not
    # completed, Slack forgets by itself.
    thread_ts = shared_in.message_ts if shared_in is not None else None
    try:
        if face.crop_file is None or face.context_file is None:
            crop, context = (images.get(key(face.id)) for key in (crop_key, context_key))
            face.crop_file, face.context_file = slack.uploads.upload(
                [
                    Picture(crop, words.FACE_TITLE, words.FACE_ALT),
                    Picture(context, words.CONTEXT_TITLE, words.CONTEXT_ALT),
                ]
            )
            files = {"crop_file": face.crop_file, "context_file": face.context_file}
            with writing():
                Face.note(face.id, **files)
                if shared_in is not None:
                    Request.note(shared_in.id, posting_since=now())
            _complete(face, slack, thread_ts)
        elif not are_ready(face, slack):
            with suppress(PictureGone):  # they are files already, or never can be: that shows below
                _complete(face, slack, thread_ts)
        slack.uploads.wait_until_ready([str(face.crop_file), str(face.context_file)])
    except PictureGone as gone:
        forget(face)
        raise Retry(gone.reason) from None


def are_ready(face: Face, slack: Slack) -> bool:
    """Whether Slack can show the pictures."""
    return slack.uploads.are_ready([str(face.crop_file), str(face.context_file)])


def are_there(face: Face, slack: Slack) -> bool:
    """Whether Slack has the pictures, ready or not."""
    return slack.uploads.are_there([file for file in (face.crop_file, face.context_file) if file])


def forget(face: Face) -> None:
    """The face has no pictures at Slack any more."""
    face.crop_file = face.context_file = None
    Face.note(face.id, crop_file=None, context_file=None)


def _complete(face: Face, slack: Slack, thread_ts: str | None) -> None:
    files = {str(face.crop_file): words.FACE_TITLE, str(face.context_file): words.CONTEXT_TITLE}
    try:
        slack.uploads.complete(files, thread_ts)
    except OutcomeUnknown as lost:
        raise OutcomeUnknown(lost.reason, after=SETTLE_SECONDS) from None
