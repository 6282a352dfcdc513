"""PhotoPosted: a member posts pictures in the channel, or uses the shortcut on a message with some."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.errors import Retry
from tagbot.messages import PhotoPosted
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.posted_files import is_a_picture
from tagbot.vocabulary import CallbackId

POSTS = frozenset({None, "file_share", "thread_broadcast", "me_message"})
"""Slack's subtypes of messages that are new; others tell of edits and deletions, or are no member's."""


def register(app: App, services: Services) -> None:
    """Have each picture put on the queue, and only then acknowledge to Slack."""

    # As a middleware: Bolt acknowledges an event before it calls its handler.
    def photo_posted(body: dict[str, Any], next: Callable[[], object]) -> None:  # noqa: A002 - Bolt's name
        for photo in parse(body["event"], services.settings.photos_channel):
            services.publish(photo)
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
            respond(words.NO_PICTURE, response_type="ephemeral", replace_original=False)
        elif not may_be_in(body["channel"]["id"], services):
            respond(words.INVITE_ME, response_type="ephemeral", replace_original=False)


def parse(event: Mapping[str, Any], channel: str) -> list[PhotoPosted]:
    """The pictures in Slack's `message` event, where it is a new message of a member in this channel."""
    is_post = event.get("subtype") in POSTS and event.get("user") and not event.get("bot_id")
    if not is_post or event.get("channel") != channel:
        return []
    return list(_photos(event, by=event["user"], channel=channel, at=event["ts"]))


def parse_shortcut(body: Mapping[str, Any]) -> list[PhotoPosted]:
    """The pictures in the message of Slack's `message_action` payload."""
    where = body["channel"]["id"]
    return list(_photos(body["message"], by=body["user"]["id"], channel=where, at=body["action_ts"]))


def _photos(message: Mapping[str, Any], *, by: str, channel: str, at: str) -> Iterator[PhotoPosted]:
    pictures = _pictures(message.get("files") or ())
    for number, file in enumerate(pictures, start=1):
        yield PhotoPosted(file=file["id"], by=by, channel=channel, at=at, number=number, out_of=len(pictures))


def _pictures(files: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that Slack calls pictures, or says nothing of, as of some people's of other organisations."""
    there = [file for file in files if file.get("mode") != "tombstone"]
    return [file for file in there if is_a_picture(file) or not file.get("mimetype")]


def may_be_in(channel: str, services: Services) -> bool:
    """Whether the bot is in a channel; yes while Slack does not tell."""
    if channel == services.settings.slack_channel:
        return True
    with suppress(Retry):
        return services.slack.channel.is_in(channel)
    return True
