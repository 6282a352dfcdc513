"""Letting pictures go that are kept for a while only, here and at Slack: `KEEP_PICTURES_DAYS`."""

from collections.abc import Callable

from tagbot.database.models.expired_pictures import (
    due_faces,
    due_photos,
    files_to_delete,
    note_files_deleted,
    note_gone,
    note_photo_gone,
)
from tagbot.database.models.sent_photos import SentPhoto
from tagbot.photos.image_keys import context_key, crop_key, photo_key
from tagbot.photos.image_store import ImageStore
from tagbot.slack.client import Slack
from tagbot.vocabulary import State


def let_pictures_go(
    before: float, slack: Slack, images: ImageStore, show: Callable[[str], None], now: float
) -> None:
    """Delete the surroundings of each face that was closed before then, the crop of a rejected one, and the
    photos of which all faces were; then their pictures in Slack, once no request shows them: `show` has one
    shown as it is. What a crash cut off is gone on with the next time.
    """
    while faces := due_faces(before):
        for face in faces:
            images.delete(context_key(face.id))
            if face.state == State.REJECTED:
                images.delete(crop_key(face.id))
            note_gone(face, now)
    while photos := due_photos():
        for sha256 in photos:
            images.delete(photo_key(sha256))
            note_photo_gone(sha256, now)
    for file in SentPhoto.no_longer_kept():
        slack.uploads.delete(file)
        SentPhoto.drop([file])
    for request_id, files in files_to_delete():
        show(request_id)
        for file in files:
            slack.uploads.delete(file)
        note_files_deleted(request_id)
