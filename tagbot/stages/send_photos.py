"""Send a person the photos that they are tagged in."""

from tagbot.database.models.sent_photos import PhotosWish
from tagbot.messages import PhotosAsked
from tagbot.services import Services
from tagbot.slack.direct_messages import CannotBeWrittenTo
from tagbot.slack.photo_sending import send_photos_of
from tagbot.slack.sent_photo_words import NOT_WRITTEN_TO


def send_photos(message: PhotosAsked, services: Services) -> tuple[()]:
    """Send those that one click wants, by direct message; guests have the same right."""
    # Again is harmless: a wish is a row, which is fulfilled once, and each photo is noted before it goes.
    wish = PhotosWish.begin(message, services.now())
    if wish.ended_at is not None or wish.was_fulfilled_after(message.at):
        return ()
    try:
        send_photos_of(wish, services.slack, services.images, services.now)
    except CannotBeWrittenTo:
        services.tellings.tell(message.person, NOT_WRITTEN_TO, message.channel)
        if not message.channel:
            services.homes.refused(message.person, message.key, NOT_WRITTEN_TO)
        PhotosWish.note(wish.id, ended_at=message.at)
    return ()
