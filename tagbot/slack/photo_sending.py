"""Sending a person the photos that they are tagged in, by direct message: each once."""

from collections.abc import Callable
from contextlib import suppress

from tagbot.database.models.forgettings import Forgetting
from tagbot.database.models.photos import Photo
from tagbot.database.models.sent_photos import (
    AT_ONCE,
    PhotosWish,
    Plan,
    SentPhoto,
    day_of,
    is_being_changed,
)
from tagbot.errors import Reject, Retry
from tagbot.photos.image_keys import photo_key
from tagbot.photos.image_store import ImageStore
from tagbot.slack import sent_photo_words as words
from tagbot.slack.api_failures import OutcomeUnknown, PictureGone
from tagbot.slack.client import Slack
from tagbot.slack.direct_messages import CannotBeWrittenTo
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.slack.person_messages import PhotosShown, after_photos
from tagbot.slack.photo_outcomes import WhyDead
from tagbot.slack.uploads import Picture
from tagbot.vocabulary import EventType

Now = Callable[[], float]


def send_photos_of(wish: PhotosWish, slack: Slack, images: ImageStore, now: Now) -> None:
    """Send the photos of a wish, then say how many more there are. Raises `CannotBeWrittenTo`.

    However often this is interrupted, a person gets each photo once: which ones is noted first; then each
    upload before Slack makes a file of it, which it does once; and the last message is looked for before it
    is posted.
    """
    channel, plan = slack.direct.open(wish.member), wish.planned()
    gone = [*plan.gone, *_upload(wish, plan, slack, images, now)]
    _share(wish, plan, channel, slack, now)
    shown = PhotosShown(
        slack_id=wish.member,
        has_sent=bool(plan.photos) or not plan.is_first,
        more=plan.more,
        next=min(plan.more, AT_ONCE),
        after=plan.after,
        gone=gone,
    )
    ts = slack.direct.post_once(
        channel,
        after_photos(shown),
        EventType.PHOTOS,
        {"wish": wish.id},
        posting_since=wish.posting_since,
        note=lambda since: PhotosWish.note(wish.id, posting_since=since),
        now=now(),
    )
    PhotosWish.note(wish.id, ended_at=float(ts))


def _upload(wish: PhotosWish, plan: Plan, slack: Slack, images: ImageStore, now: Now) -> list[str]:
    """Bring those to Slack that are not there yet; the days of those that are no longer kept."""
    there = {sent.photo for sent in SentPhoto.of_wish(wish.id)}
    lost = []
    for place, sha256 in enumerate(plan.photos, 1):
        if sha256 in there:
            continue
        photo, seen = Photo.get_or_none(Photo.sha256 == sha256), Forgetting.stamp()
        if is_being_changed(sha256):
            raise Retry("a photo that was to be sent is being changed", after=1.0)
        if photo is None:
            continue  # of a person who was forgotten meanwhile
        try:
            content = images.get(photo_key(sha256))
        except Reject:
            lost.append(day_of(photo))
            continue
        alt = words.photo_alt(place, len(plan.photos), day_of(photo))
        [file] = slack.uploads.upload([Picture(content, f"{words.PHOTO_TITLE} {place}", alt)])
        SentPhoto.put(wish, place, sha256, file, seen, now())
    return lost


def _share(wish: PhotosWish, plan: Plan, channel: str, slack: Slack, now: Now) -> None:
    """Show the person those that they do not see yet, in one message, and wait until they do."""
    sent = SentPhoto.of_wish(wish.id)
    new = {each.file: f"{words.PHOTO_TITLE} {each.place}" for each in sent if each.shared_at is None}
    if new:
        try:
            slack.direct.share(channel, new, words.photos_sent(len(new), is_first=plan.is_first))
        except OutcomeUnknown as lost:
            raise OutcomeUnknown(lost.reason, after=SETTLE_SECONDS) from None
        except PictureGone:
            # They are files already, as an earlier attempt made them some; or uploads no more, and never can
            # be, which is sure once that attempt must have come to its end.
            if not any(slack.uploads.are_there([file]) for file in new):
                rest = max(each.uploaded_at for each in sent) + SETTLE_SECONDS - now()
                if rest <= 0:
                    SentPhoto.drop(new.keys())
                raise Retry("photos have to be uploaded anew", after=max(rest, 0.0)) from None
        for file in SentPhoto.note_shared(new.keys(), now()):
            slack.uploads.delete(file)
    files = [each.file for each in sent]
    with suppress(PictureGone):  # deleted meanwhile
        slack.uploads.wait_until_ready(files)
        slack.uploads.wait_until_seen(files[-1:], channel)


def tell_of_given_up(slack: Slack, why_dead: WhyDead, now: float) -> None:
    """Tell those whose wish was given up, each once; it goes on after `retry`."""
    for wish in PhotosWish.unfulfilled():
        reason = why_dead(wish.id)
        if reason is None:
            continue
        try:
            slack.direct.tell(wish.member, words.given_up(reason))
        except CannotBeWrittenTo:
            slack.channel.tell(wish.member, words.given_up(reason), wish.channel)
        PhotosWish.note(wish.id, failure_told_at=now)
