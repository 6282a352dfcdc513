"""Bring a photo that was posted in Slack into the inbox."""

from tempfile import TemporaryFile

from tagbot.database.models.photos import Photo
from tagbot.database.models.posted_photos import PostedPhoto
from tagbot.database.named_lock import alone
from tagbot.errors import Retry
from tagbot.messages import PhotoPosted
from tagbot.photos.file_kind import file_kind
from tagbot.photos.known_photos import identity, is_known
from tagbot.photos.photo_limits import MAX_BYTES
from tagbot.services import Services
from tagbot.slack.api_failures import PictureGone
from tagbot.slack.posted_files import NotAtSlack, PostedFile, TooLarge
from tagbot.vocabulary import PhotoOutcome

NAME = "slack"
"""Begins the file's name in the inbox: the one that it has in Slack may be a person's."""


def fetch_photo(message: PhotoPosted, services: Services) -> tuple[()]:
    """Fetch a photo that is not known yet; the timed job `TellOfPhotos` tells its member what came of it."""
    # Again is harmless: a wish is a row, which is dealt with once. After a crash in the middle the photo is
    # fetched again, and put into the inbox only where it neither waits there nor was taken over.
    posted = PostedPhoto.begin(message, services.now())
    if posted.is_settled or (posted.sha256 and is_known(posted.sha256, services.inbox, Photo.is_taken_over)):
        return ()
    try:
        file = services.slack.posted_files.describe(message.file)
        if not file.is_picture:
            PostedPhoto.note(posted.id, outcome=PhotoOutcome.NO_PICTURE, told_at=posted.began_at, member=None)
            return ()
        _put_into_inbox(posted, _content(file, services), services)
    except TooLarge:
        PostedPhoto.note(posted.id, outcome=PhotoOutcome.TOO_LARGE)
    except PictureGone:
        PostedPhoto.note(posted.id, outcome=PhotoOutcome.GONE)
    except NotAtSlack:
        PostedPhoto.note(posted.id, outcome=PhotoOutcome.ELSEWHERE)
    return ()


def _content(file_at_slack: PostedFile, services: Services) -> bytes:
    """The bytes of a file; raises `TooLarge`. They come onto the disk first, as they may come slowly."""
    if file_at_slack.size > MAX_BYTES:
        raise TooLarge("the file is too large")
    try:
        with TemporaryFile(dir=services.settings.data_dir) as file:
            services.slack.posted_files.download(file_at_slack.address, file, MAX_BYTES)
            file.seek(0)
            return file.read()
    except OSError as problem:
        raise Retry(f"a photo from Slack cannot be written to the disk: {problem.strerror}") from None


def _put_into_inbox(posted: PostedPhoto, photo: bytes, services: Services) -> None:
    sha256 = identity(photo)
    with alone(f"posted photo {sha256}"):
        if is_known(sha256, services.inbox, Photo.is_taken_over):
            PostedPhoto.note(posted.id, outcome=PhotoOutcome.KNOWN)
            return
        # Noted before: after a crash it is not taken for one that was known before.
        PostedPhoto.note(posted.id, sha256=sha256)
        try:
            services.inbox.add(NAME, f".{file_kind(photo)}", sha256, photo, None)
        except OSError as problem:
            raise Retry(f"a photo cannot be put into the inbox: {problem.strerror}") from None
