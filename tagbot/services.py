"""The one bundle of parts that stages, handlers and timed jobs may reach for, besides the database."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tagbot.database.models.bookkeeping import HeardChannel
from tagbot.database.models.places import Places
from tagbot.lib.disk_room import Usage, refuse_nearly_full
from tagbot.lib.in_flight import WorkInFlight
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.messages import FaceMessage, FaceReopened, Message, PhotoArrived, PhotoPosted, PhotosAsked
from tagbot.photos.decoder import Decoder
from tagbot.photos.image_keys import crop_key
from tagbot.photos.image_store import ImageStore
from tagbot.photos.inbox import Inbox
from tagbot.photos.photos_in_flight import PhotosInFlight
from tagbot.queues import Delivery, Queue
from tagbot.queues.publish import publish
from tagbot.settings import Settings, SettingsError
from tagbot.slack import photo_outcomes, photo_sending, words
from tagbot.slack.client import Slack
from tagbot.slack.digest import send_digest
from tagbot.slack.ephemeral_messages import Tellings
from tagbot.slack.homes import Homes
from tagbot.slack.kept_pictures import let_pictures_go
from tagbot.slack.posted_messages import NotStored, missed_posts, pictures_of
from tagbot.slack.socket_mode.connection_state import ConnectionTracker
from tagbot.slack.updates import Updates
from tagbot.training.backend import TrainingBackend
from tagbot.training.machine import Machine
from tagbot.training.merged_faces import follow_merges
from tagbot.training.other_models import OtherModels


class Deliveries(Protocol):
    """Where a stage's messages come from: a queue, or the inbox."""

    def get(self, timeout: float) -> Delivery | None:
        """The next delivery; None when none came within `timeout` seconds."""


@dataclass(frozen=True, slots=True)
class PhotosWhileThereIsRoom:
    """The inbox, from which nothing is taken while a disk is nearly full: the rest is for answers."""

    inbox: Inbox
    folders: tuple[Path, ...]
    """On the disks that are meant."""
    usage: Usage = shutil.disk_usage

    def get(self, timeout: float) -> Delivery | None:
        """The next photo; raises `Retry` while they wait."""
        refuse_nearly_full(self.folders, self.usage)
        return self.inbox.get(timeout)


@dataclass(slots=True)
class Shutdown:
    """How the bot ends: on a signal, or for a reason that it finds itself."""

    requested: threading.Event = field(default_factory=threading.Event)
    reason: SettingsError | None = None
    """Why the bot stops without having been told to."""

    def because(self, reason: SettingsError) -> None:
        """Stop the bot, which then raises this."""
        self.reason = reason
        self.requested.set()


@dataclass(frozen=True, slots=True)
class Services:
    """Built once, by `tagbot.build`."""

    settings: Settings
    inbox: Inbox
    decoder: Decoder
    photos_in_flight: PhotosInFlight
    images: ImageStore
    training: TrainingBackend
    machine: Machine
    other_models: OtherModels
    slack: Slack
    updates: Updates
    tellings: Tellings
    homes: Homes
    places: Places
    """For open requests in the channel."""
    opt_out_key: KeyedHash
    """By which people who are not to be tagged are known again."""
    queues: Mapping[str, Queue]
    """By name; a stage emits messages instead."""
    now: Callable[[], float]
    """Seconds since 1970, by the clock that all bots on this database share."""
    put_clock_right: Callable[[], None] = lambda: None
    """Ask the database for that clock; the caller's thread is connected to it."""
    link: ConnectionTracker = field(default_factory=ConnectionTracker)
    """The connection by which Slack reaches this bot."""
    not_stored: NotStored = field(default_factory=NotStored)
    in_flight: WorkInFlight = field(default_factory=WorkInFlight)
    shutdown: Shutdown = field(default_factory=Shutdown)
    started_at: float = field(default_factory=time.time)

    def deliveries(self, queue: str) -> Deliveries:
        """Where the messages of a queue come from; the inbox is read like one."""
        photos = PhotosWhileThereIsRoom(self.inbox, self.settings.written_to)
        sources: Mapping[str, Deliveries] = {PhotoArrived.QUEUE: photos, **self.queues}
        return sources[queue]

    def heeds(self, message: Message) -> bool:
        """Whether a message counts: not as the word of a member who has no say, who is told so."""
        if message.said_by is None or self.slack.members.has_a_say(message.said_by):
            return True
        self.tell(message, words.NO_SAY)
        return False

    def tell(self, message: Message, text: str) -> None:
        """Have the member whose word a message is told what became of it, once of each act: also at their
        Home, where they said it in no channel.
        """
        if message.said_by is not None:
            if not message.said_in:
                self.homes.refused(message.said_by, message.key, text)
            self.tellings.tell(message.said_by, text, message.said_in, about=_act(message))

    def tell_of_photos(self) -> None:
        """Tell members what came of the photos that they posted; raises `Retry` where Slack does not."""
        photo_outcomes.tell_of_photos(self.slack.channel, self.now())

    def take_missed_photos(self) -> None:
        """Take in what members posted in the channel while Slack reached no bot, or no bot could note it;
        raises `Retry` and `Reject`.
        """
        channel, link, now = self.settings.photos_channel, self.link.state, self.now()
        if not channel:
            HeardChannel.forget()
        elif link.is_connected:
            # Again is harmless: however often a picture is told of, its message has the same id.
            with self.not_stored.made_up_for() as since:
                connected = now - self.link.seconds()
                for post in missed_posts(self.slack.channel, self.slack.members, connected, since, now):
                    for photo in photos_in(post, by=post["user"], channel=channel, at=post["ts"]):
                        self.publish(photo)
                HeardChannel.note(channel, now)

    def take_posted(self, photo: PhotoPosted) -> None:
        """Put a picture that Slack told of on its queue. Raises `Retry` when it could not be stored."""
        with self.not_stored.noted(photo.at):
            self.publish(photo)

    def send_digest(self) -> None:
        """Tell the channel what waits for answers, where that is due; raises `Retry` where Slack is away."""
        send_digest(self.settings.digest, self.slack, self.settings.rule, self.now())

    def tell_of_given_up(self) -> None:
        """Tell people that a photo which they posted, or photos which they asked for, were given up."""
        posted, asked = self.queues[PhotoPosted.QUEUE], self.queues[PhotosAsked.QUEUE]
        photo_outcomes.tell_of_given_up(self.slack.channel, posted.why_dead, self.now())
        photo_sending.tell_of_given_up(self.slack, asked.why_dead, self.now())

    def follow_merges(self) -> None:
        """Have the model say whose the faces of merged people are now. Raises `Retry` or `Reject`."""
        follow_merges(
            self.training,
            self.crop,
            most=self.settings.max_faces_per_person,
            requires_consent=self.settings.requires_consent,
        )

    def crop(self, face_id: str) -> bytes:
        """The stored crop of a face."""
        return self.images.get(crop_key(face_id))

    def let_pictures_go(self, before: float) -> None:
        """Those of faces that were closed before then."""
        let_pictures_go(before, self.slack, self.images, self.updates.show, self.now())

    def publish(self, message: Message) -> None:
        """Put a message on its queue; it is durable when this returns. Raises `Retry` when it could not be
        stored.
        """
        publish(self.queues, message)


def photos_in(post: Mapping[str, Any], *, by: str, channel: str, at: str) -> Iterator[PhotoPosted]:
    """The pictures in a message of Slack's that a member wants taken in; `at` is Slack's time of the act."""
    for picture in pictures_of(post):
        yield PhotoPosted(by=by, channel=channel, at=at, **picture._asdict())


def _act(message: Message) -> str:
    """The same for all messages that one click of a member is: it may reopen several faces of a request."""
    if isinstance(message, FaceReopened) and message.together:
        return min(message.together)
    return f"{message.key}:{message.round}" if isinstance(message, FaceMessage) else message.key
