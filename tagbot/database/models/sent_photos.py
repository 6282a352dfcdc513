"""Photos that people asked for as they are tagged in them: the wishes, and the files at Slack of each."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Self

from peewee import CharField, DoubleField, IntegerField, TextField

from tagbot.database.models.base import Table
from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import Forgetting, Kind, ToForget
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.write_lock import writing
from tagbot.errors import Retry
from tagbot.messages import PhotosAsked
from tagbot.vocabulary import State

AT_ONCE = 10
"""Photos of one wish: Slack shows so many in one message, and a phone a screen or two."""

KEPT_SECONDS = 3_600.0
"""So long a wish that was fulfilled is remembered, as its click may be told of once more."""

GIVEN_UP_SECONDS = 7 * 86_400.0
"""The same for one that was not: `retry` brings a dead letter back within days."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Plan:
    """All that one wish comes to, as it was when it was first worked on."""

    photos: Sequence[str] = ()
    """SHA-256 of those to send, the newest first."""
    gone: Sequence[str] = ()
    """Days of those among and before them that are no longer kept."""
    more: int = 0
    """How many are left for the next wishes."""
    after: str = ""
    """Where the next wish begins; empty where nothing is left."""
    is_first: bool = True
    """Whether it begins with the newest photo of all."""


class PhotosWish(Table):
    """One wish of a person to be sent photos that they are tagged in."""

    id = TextField(primary_key=True)
    """Of the message, which is the same however often Slack tells of the click."""
    member = CharField(32, index=True)
    """Slack id of the person."""
    channel = CharField(32)
    """Where they clicked; empty for Home."""
    after = TextField()
    """Where it begins: `place_of` the last photo of an earlier wish; empty for the newest of all."""
    began_at = DoubleField(index=True)
    plan = TextField(null=True)
    """JSON of the `Plan`; null before there is one."""
    posting_since = DoubleField(null=True)
    """The intent to post its last message: set before Slack is called."""
    ended_at = DoubleField(null=True)
    """When it was fulfilled, by Slack's clock."""
    failure_told_at = DoubleField(null=True)
    """When the person heard that it was given up."""

    @classmethod
    def begin(cls, message: PhotosAsked, now: float) -> Self:
        """The wish of a message, made when it is new; older ones that nobody asks for any more go."""
        row = {
            "id": message.id,
            "member": message.person,
            "channel": message.channel,
            "after": message.after,
            "began_at": now,
        }
        fulfilled = cls.ended_at.is_null(False) & (cls.began_at < now - KEPT_SECONDS)
        with writing():
            cls.delete().where(fulfilled | (cls.began_at < now - GIVEN_UP_SECONDS)).execute()
            cls.insert(row).on_conflict_ignore().execute()
        found: Self = cls.get_by_id(message.id)
        return found

    @classmethod
    def note(cls, wish_id: str, **changes: Any) -> None:
        """Change what is known of it."""
        with writing():
            cls.update(**changes).where(cls.id == wish_id).execute()

    def was_fulfilled_after(self, moment: float) -> bool:
        """Whether the same wish was fulfilled since then: a second click while the first was worked on."""
        same = (PhotosWish.member == self.member) & (PhotosWish.after == self.after)
        since = (PhotosWish.id != self.id) & (PhotosWish.ended_at > moment)
        return bool(PhotosWish.select().where(same & since).exists())

    def planned(self) -> Plan:
        """The plan, made and noted when there is none yet: what comes in meanwhile changes nothing."""
        if self.plan is None:
            self.plan = json.dumps(asdict(plan(photos_with(self.member), self.after)))
            PhotosWish.note(self.id, plan=self.plan)
        return Plan(**json.loads(self.plan))

    @classmethod
    def unfulfilled(cls) -> list[Self]:
        """Those that are under way, or were given up and their people not told so."""
        return list(cls.select().where(cls.ended_at.is_null() & cls.failure_told_at.is_null()))


class SentPhoto(Table):
    """A photo that was sent to a person, who is in it, as a file at Slack; noted before that is one."""

    file = CharField(32, primary_key=True)
    """Slack's id of it."""
    photo = CharField(64, index=True)
    """SHA-256 of the photo that it shows."""
    member = CharField(32, index=True)
    """Slack id of the person it was sent to."""
    wish = TextField(index=True)
    place = IntegerField()
    """Among the photos of the wish, from 1 on."""
    uploaded_at = DoubleField()
    shared_at = DoubleField(null=True)
    """When the person could see it; null before."""

    @classmethod
    def of_wish(cls, wish_id: str) -> list[Self]:
        """In the order in which they are shown."""
        return list(cls.select().where(cls.wish == wish_id).order_by(cls.place))

    @classmethod
    def put(cls, wish: PhotosWish, place: int, photo: str, file: str, seen: object, now: float) -> None:
        """Note an upload before Slack makes a file of it. Raises `Retry` where a person is to be
        forgotten since the stamp `seen`, whom the picture may show.
        """
        with writing():
            if seen != Forgetting.stamp():
                raise Retry(
                    "a person is being forgotten, who may be in a photo that was to be sent", after=1.0
                )
            cls.insert(
                file=file, photo=photo, member=wish.member, wish=wish.id, place=place, uploaded_at=now
            ).execute()

    @classmethod
    def note_shared(cls, files: Collection[str], now: float) -> set[str]:
        """The person sees these; those of them that are not to be seen any more, as somebody in them was
        forgotten meanwhile.
        """
        with writing():
            cls.update(shared_at=now).where(cls.file << list(files)).execute()
            left: Any = cls.select(cls.file).where(cls.file << list(files)).tuples()
            return set(files) - {file for (file,) in left}

    @classmethod
    def drop(cls, files: Collection[str]) -> None:
        """They are not at Slack, or not any more."""
        with writing():
            cls.delete().where(cls.file << list(files)).execute()

    @classmethod
    def no_longer_kept(cls) -> list[str]:
        """Slack's ids of those whose photo is not kept any more."""
        gone = Photo.select(Photo.sha256).where(Photo.gone_at.is_null(False))
        rows: Any = cls.select(cls.file).where(cls.photo << gone).order_by(cls.file).tuples()
        return [file for (file,) in rows]


def photos_with(slack_id: str) -> list[Photo]:
    """The photos that a person is tagged in, the newest first."""
    person = Person.of_account(slack_id)
    if person is None:
        return []
    # A tagged face is on its way to the model for a moment where its person has just agreed to that.
    is_tagged = (Face.state << (State.TAGGED, State.TRAINING)) & Face.tagged_at.is_null(False)
    tagged = Face.select(Face.photo).where((Face.person == person) & is_tagged)
    newest_first = Photo.received_at.desc(), Photo.sha256.desc()
    return list(Photo.select().where(Photo.sha256 << tagged).order_by(*newest_first))


def plan(photos: Sequence[Photo], after: str) -> Plan:
    """What to send next of a person's photos, which are given newest first."""
    left = [photo for photo in photos if not after or _is_older(photo, after)]
    kept = [photo for photo in left if photo.gone_at is None]
    page, rest = kept[:AT_ONCE], kept[AT_ONCE:]
    end = left.index(rest[0]) if rest else len(left)
    return Plan(
        photos=[photo.sha256 for photo in page],
        gone=[day_of(photo) for photo in left[:end] if photo.gone_at is not None],
        more=len(rest),
        after=place_of(left[end - 1]) if rest else "",
        is_first=not after,
    )


def place_of(photo: Photo) -> str:
    """Where a photo stands among all."""
    return f"{photo.received_at!r} {photo.sha256}"


def _is_older(photo: Photo, after: str) -> bool:
    moment, _, sha256 = after.partition(" ")
    return (photo.received_at, photo.sha256) < (float(moment), sha256)


def day_of(photo: Photo) -> str:
    """When it was taken, or else came."""
    taken = _DAY.match(photo.taken_at or "")
    return taken[0] if taken else datetime.fromtimestamp(photo.received_at, UTC).strftime("%Y-%m-%d")


def is_being_changed(photo: str) -> bool:
    """Whether a face in it is being made unrecognisable, or it is going."""
    pending = (ToForget.kind << (Kind.PHOTO, Kind.HIDDEN)) & (ToForget.ref == photo) & ~ToForget.is_gone
    return bool(ToForget.select().where(pending).exists())
