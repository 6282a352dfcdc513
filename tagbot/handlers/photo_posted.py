"""PhotoPosted: a member posts pictures in the channel, or uses the shortcut on a message with some."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.errors import Retry
from tagbot.messages import PhotoPosted
from tagbot.services import Services, photos_in
from tagbot.slack import posted_photo_words
from tagbot.slack.posted_messages import is_post
from tagbot.vocabulary import CallbackId


def register(app: App, services: Services) -> None:
    """Have each picture put on the queue, and only then acknowledge to Slack."""

    # As a middleware: Bolt acknowledges an event before it calls its handler.
    def photo_posted(body: dict[str, Any], next: Callable[[], object]) -> None:  # noqa: A002 - Bolt's name
        for photo in parse(body["event"], services.settings.photos_channel):
            services.take_posted(photo)
        next()

    @app.event("message", middleware=[photo_posted])
    def message() -> None:
        """All is done by then; of what people say to each other nothing is noted."""

    @app.shortcut({"type": "message_action", "callback_id": CallbackId.FIND_FACES})
    def find_faces(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        photos = parse_shortcut(body)
        for photo in photos:
            services.publish(photo)
        ack()
        if not photos:
            respond(posted_photo_words.NO_PICTURE, response_type="ephemeral", replace_original=False)
        elif not may_be_in(body["channel"]["id"], services):
            respond(posted_photo_words.INVITE_ME, response_type="ephemeral", replace_original=False)


def parse(event: Mapping[str, Any], channel: str) -> list[PhotoPosted]:
    """The pictures in Slack's `message` event, where it is a new message of a member in this channel."""
    if event.get("channel") != channel or not is_post(event):
        return []
    return list(photos_in(event, by=event["user"], channel=channel, at=event["ts"]))


def parse_shortcut(body: Mapping[str, Any]) -> list[PhotoPosted]:
    """The pictures in the message of Slack's `message_action` payload."""
    where = body["channel"]["id"]
    return list(photos_in(body["message"], by=body["user"]["id"], channel=where, at=body["action_ts"]))


def may_be_in(channel: str, services: Services) -> bool:
    """Whether the bot is in a channel; yes while Slack does not tell."""
    if channel == services.settings.slack_channel:
        return True
    with suppress(Retry):
        return services.slack.channel.is_in(channel)
    return True
