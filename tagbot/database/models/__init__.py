"""The tables, and the queries that have a name. Times are seconds since 1970, UTC.

The database is the truth. A face's state moves by `Face.move` alone, which changes a row only while it still
is in the state and round that the caller saw.
"""

import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import Any, ClassVar, Self, cast

from peewee import (
    BlobField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    DatabaseProxy,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    ModelSelect,
    TextField,
    fn,
)

from tagbot.consensus import Answer
from tagbot.lib import failpoints
from tagbot.messages import FaceStored
from tagbot.vocabulary import State

database = DatabaseProxy()
"""Bound by `tagbot.database.open_database`."""

_write_lock = RLock()

_OF_ONE_ROUND = (
    "reason", "posting_since", "message_ts", "posted_at", "person", "claimed_by", "training_backend",
    "person_ref", "face_ref", "closed_at", "closing_shown_at", "tagged_at",
)  # fmt: skip
"""Columns of a face that begin empty in each round; the uploaded pictures serve them all."""


@contextmanager
def writing() -> Iterator[None]:
    """A transaction that writes, the only one: what it has read stays true until it commits.

    Every database lets one in at a time. SQLite makes the others poll; a lock of our own lines this process's
    writers up instead, which measured twice as fast with four threads.
    """
    with database.obj.on_disk_together(), _write_lock, database.atomic():
        yield
    if not database.in_transaction():
        failpoints.reach(failpoints.AFTER_COMMIT)


def _sql(text: str) -> str:
    """SQL that is written out, for what each answer does: Peewee took longer to write it than the database to
    run it, and half of the time of an answer.
    """
    return text.replace("?", database.param)


def photo_key(sha256: str) -> str:
    """Where the image store keeps a whole photo."""
    return f"photos/{sha256}.jpg"


def crop_key(face_id: str) -> str:
    """Where the image store keeps a face, as the training backend gets it."""
    return f"faces/{face_id}/crop.jpg"


def context_key(face_id: str) -> str:
    """Where the image store keeps a face's surroundings."""
    return f"faces/{face_id}/context.jpg"


class _Select(ModelSelect):
    """Peewee's, with the list of all columns written once: that took two thirds of the time in which a stage
    reads its face.
    """

    _is_default: bool
    """Whether all columns of the one table are asked for."""

    def __sql_selection__(self, ctx: Any, is_subquery: bool = False) -> Any:
        if not self._is_default or is_subquery:
            return super().__sql_selection__(ctx, is_subquery)
        table = self.model._meta.table  # noqa: SLF001 - peewee's way to ask
        return ctx.literal(_all_columns(self.model, ctx.alias_manager[table]))


@cache
def _all_columns(model: type[Model], alias: str) -> str:
    fields = model._meta.sorted_fields  # noqa: SLF001 - as above
    return ", ".join(f'"{alias}"."{field.column_name}"' for field in fields)


class _Table(Model):
    class Meta:
        database = database
        legacy_table_names = False

    @classmethod
    def select(cls, *fields: Any) -> "ModelSelect[Self]":
        if fields:
            return super().select(*fields)
        return cast("ModelSelect[Self]", _Select(cls, cls._meta.sorted_fields, is_default=True))


class _Words(TextField):
    """What others wrote, who may write what no database keeps."""

    def db_value(self, value: str | None) -> str | None:
        """Without NUL, which PostgreSQL refuses, and half letters, which are no Unicode."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """The text with � for each letter that not every database keeps."""
    return text.replace("\0", "�").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Photo(_Table):
    """A photo that was taken over from the inbox."""

    sha256 = CharField(64, primary_key=True)
    """Of the file's bytes: the photo's identity."""
    source = _Words(null=True)
    """Where it comes from, in its sender's words."""
    taken_at = _Words(null=True)
    """ISO 8601, as its sender wrote it."""
    width = IntegerField()
    height = IntegerField()
    faces_found = IntegerField()
    received_at = DoubleField()


class Person(_Table):
    """Who can be in a picture."""

    id = CharField(36, primary_key=True)
    slack_id = CharField(32, null=True, unique=True)
    name = _Words(null=True)
    """Null until it is known from the Slack profile."""
    email = _Words(null=True)
    name_key = _Words(null=True, unique=True)
    """By which a person without a Slack account is recognised; null for the others."""
    picture_url = _Words(null=True)
    """Of the Slack profile's picture."""
    enriched_at = DoubleField(null=True)
    training_ref = TextField(null=True)
    """How the training backend calls them; null until it knows them."""
    added_at = DoubleField()

    @classmethod
    def with_slack_id(cls, slack_id: str, now: float) -> Self:
        """The person of a Slack account, made when there is none yet."""
        cls.insert(id=str(uuid.uuid4()), slack_id=slack_id, added_at=now).on_conflict_ignore().execute()
        return cls.get(cls.slack_id == slack_id)

    @classmethod
    def with_name(cls, name: str, email: str | None, now: float) -> Self:
        """The person of that name who has no Slack account, made when there is none yet.

        The same name in whatever case and spacing is the same person, whatever the email.
        """
        key = name_key(name)
        written = " ".join(name.split())
        cls.insert(
            id=str(uuid.uuid4()),
            name_key=key,
            name=written,
            email=email or None,
            enriched_at=now,
            added_at=now,
        ).on_conflict_ignore().execute()
        if email:
            cls.update(email=email).where((cls.name_key == key) & cls.email.is_null()).execute()
        return cls.get(cls.name_key == key)

    @classmethod
    def left_unknown(cls, time: float, limit: int) -> list[Self]:
        """People with a Slack account who are in a face tagged before then, and whose profile was not read
        yet.
        """
        tagged = (Face.person == cls.id) & (Face.state == State.TAGGED) & (Face.tagged_at < time)
        where = (
            cls.enriched_at.is_null() & cls.slack_id.is_null(False) & fn.EXISTS(Face.select().where(tagged))
        )
        return list(cls.select().where(where).limit(limit))

    @classmethod
    def answered(cls, answer: str, now: float) -> Self:
        """The person that a vote means: by Slack id, or by our own id where they have no Slack account."""
        return cls.get_or_none(cls.id == answer) or cls.with_slack_id(answer, now)


def name_key(name: str) -> str:
    """What two spellings of one name have in common."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


class Face(_Table):
    """One face in one photo, and where it is on its way."""

    id = CharField(36, primary_key=True)
    photo = ForeignKeyField(Photo, backref="faces")
    left = IntegerField()
    top = IntegerField()
    width = IntegerField()
    height = IntegerField()
    stored_at = DoubleField()

    state = CharField(
        16,
        default=State.WAITING,
        constraints=[Check("state IN ('waiting','open','training','tagged','rejected')")],
    )
    reason = TextField(null=True)
    """Why it was rejected; or, of a tagged face, why it was not sent to the model."""
    round = IntegerField(default=1)
    """Which asking this is; answers count only in the round whose message they were clicked in."""

    pending = TextField(null=True)
    """Id of the message that is to ask for it, while one is under way; null for a face that waits in the
    database.
    """
    posting_since = DoubleField(null=True)
    """The intent to post: set before Slack is called, and holding one of the open places from then on. Of a
    face that is posted: the intent to share its pictures.
    """
    crop_file = CharField(32, null=True)
    """Slack's id of the uploaded picture; noted before Slack makes a file of it."""
    context_file = CharField(32, null=True)
    message_ts = CharField(32, null=True)
    """Slack's id of the request in the channel."""
    posted_at = DoubleField(null=True)
    revision = IntegerField(default=0)
    """Grows with every change that the request shows."""
    shown_revision = IntegerField(default=0)
    """The one that Slack shows."""

    person = ForeignKeyField(Person, null=True, backref="faces")
    """Whom people agreed on, from state `training` on."""
    claimed_by = TextField(null=True)
    """Id of the message that carries this face through training."""
    training_backend = TextField(null=True)
    """Where the face is in the model; null where it was not sent, as are the next two."""
    person_ref = TextField(null=True)
    face_ref = TextField(null=True)
    closed_at = DoubleField(null=True)
    """When people's answers, or their absence, closed it."""
    closing_shown_at = DoubleField(null=True)
    """When Slack first showed it without its controls: answers clicked until then were clicked while it
    was open.
    """
    tagged_at = DoubleField(null=True)

    class Meta:
        indexes = (
            (("state", "stored_at", "id"), False),
            (("state", "tagged_at", "id"), False),
            (("person", "state", "tagged_at"), False),
        )

    @classmethod
    def in_round(cls, face_id: str, round: int) -> Self | None:  # noqa: A002 - the glossary's word
        """The face that a message is about; None where it is asked about in another round by now."""
        return cls.get_or_none((cls.id == face_id) & (cls.round == round))

    @classmethod
    def move(cls, face_id: str, round: int, old: str, new: str, **changes: Any) -> bool:  # noqa: A002 - as above
        """Compare and set the state; whether this call was the one that moved it."""
        where = (cls.id == face_id) & (cls.round == round) & (cls.state == old)
        moved: int = cls.update(state=new, revision=cls.revision + 1, **changes).where(where).execute()
        return moved == 1

    @classmethod
    def ask_again(cls, face_id: str, round: int, old: str, by: str | None) -> bool:  # noqa: A002 - as above
        """Begin the next round of a face in state `old`, without the votes of this one; whether this call
        did.
        """
        with writing():
            face = cls.get_or_none((cls.id == face_id) & (cls.round == round) & (cls.state == old))
            if face is None:
                return False
            if face.message_ts is not None:
                PastRequest.insert(
                    face=face_id, round=round, message_ts=face.message_ts, reopened_by=by
                ).on_conflict_ignore().execute()
            Vote.delete().where(Vote.face == face_id).execute()
            again = FaceStored(face_id=face_id, round=round + 1)
            cls.update(
                state=State.WAITING,
                round=round + 1,
                pending=again.id,
                revision=0,
                shown_revision=0,
                **dict.fromkeys(_OF_ONE_ROUND),
            ).where(cls.id == face_id).execute()
            return True

    @classmethod
    def note(cls, face_id: str, **changes: Any) -> None:
        """Change what does not show in Slack."""
        with writing():
            cls.update(**changes).where(cls.id == face_id).execute()

    @classmethod
    def for_answer(cls, face_id: str) -> "AskedFace | None":
        """What of a face an answer about it depends on."""
        sql = "SELECT id, round, state, reason, closing_shown_at FROM face WHERE id = ?"
        row = database.execute_sql(_sql(sql), (face_id,)).fetchone()
        return None if row is None else AskedFace(*row)

    @classmethod
    def has_changed(cls, face_id: str) -> None:
        """Say that what the request of one face shows has changed."""
        database.execute_sql(_sql("UPDATE face SET revision = revision + 1 WHERE id = ?"), (face_id,))

    @classmethod
    def changed(cls, where: Any) -> None:
        """Say that what their requests show has changed."""
        cls.update(revision=cls.revision + 1).where(where).execute()

    @classmethod
    def places_taken(cls) -> int:
        """Requests that are open in the channel, on their way there, or closed but still shown with their
        controls.
        """
        posting = (cls.state == State.WAITING) & cls.posting_since.is_null(False)
        closing = (cls.state << (State.TRAINING, State.TAGGED, State.REJECTED)) & cls._is_stale()
        return cls.select().where((cls.state == State.OPEN) | posting | closing).count()

    @classmethod
    def older_ones_wait(cls, face: Self, free: int) -> bool:
        """Whether so many older faces wait in the database, with nobody on their way to ask about them."""
        older = (cls.stored_at < face.stored_at) | ((cls.stored_at == face.stored_at) & (cls.id < face.id))
        return len(cls.select(cls.id).where(cls._waits() & older).limit(free)) == free

    @classmethod
    def next_waiting(cls, limit: int) -> list[Self]:
        """Faces that wait in the database with nobody on their way to ask about them, oldest first."""
        return list(cls.select().where(cls._waits()).order_by(cls.stored_at, cls.id).limit(limit))

    @classmethod
    def on_their_way(cls, limit: int) -> int:
        """How many waiting faces have a message that is to ask for them, and no place yet; counted up to
        `limit`.
        """
        where = cls._has_message() & cls.posting_since.is_null()
        return len(cls.select(cls.id).where(where).limit(limit))

    @classmethod
    def with_message(cls, limit: int) -> list[Self]:
        """The oldest waiting faces that have a message that is to ask for them."""
        return list(cls.select().where(cls._has_message()).order_by(cls.stored_at, cls.id).limit(limit))

    @classmethod
    def posted_before(cls, time: float) -> list[Self]:
        """Faces that are open since before then."""
        return list(cls.select().where((cls.state == State.OPEN) & (cls.posted_at < time)))

    @classmethod
    def in_training_since(cls, time: float, limit: int) -> list[Self]:
        """Faces that have been in training since before then, the oldest first."""
        where = (cls.state == State.TRAINING) & (cls.closed_at < time)
        return list(cls.select().where(where).order_by(cls.closed_at).limit(limit))

    @classmethod
    def _waits(cls) -> Any:
        """It waits in the database: nobody is on their way to ask about it."""
        return (cls.state == State.WAITING) & cls.pending.is_null()

    @classmethod
    def _has_message(cls) -> Any:
        return (cls.state == State.WAITING) & cls.pending.is_null(False)

    @classmethod
    def stale(cls) -> list[str]:
        """Ids of the faces whose requests in Slack do not show what the database says."""
        behind = [face.id for face in cls.select(cls.id).where(cls._is_stale())]
        past: Any = PastRequest.select(PastRequest.face).where(~PastRequest.shown).distinct().tuples()
        return behind + [face_id for (face_id,) in past]

    @classmethod
    def _is_stale(cls) -> Any:
        return (cls.shown_revision < cls.revision) & cls.message_ts.is_null(False)

    @classmethod
    def counts(cls) -> dict[str, int]:
        """How many are in each state."""
        rows: Any = Tally.select(Tally.what, Tally.count).where(Tally.what << tuple(State)).tuples()
        return dict.fromkeys(map(str, State), 0) | dict(rows)

    def in_model_of(self, person: Person) -> int:
        """How many other faces of a person are in the model or on their way there."""
        sent = (Face.state == State.TAGGED) & Face.face_ref.is_null(False)
        going = (Face.state == State.TRAINING) & Face.reason.is_null()
        return Face.select().where((Face.person == person) & (Face.id != self.id) & (sent | going)).count()


@dataclass(slots=True)
class AskedFace:
    """Those columns of a `Face` that an answer about it depends on."""

    id: str
    round: int
    state: str
    reason: str | None
    closing_shown_at: float | None


class Vote(_Table):
    """The latest answer of one tagger about one face."""

    face = ForeignKeyField(Face, backref="votes", index=False)  # the primary key begins with it
    tagger = CharField(32)
    answer = TextField()
    """As in `AnswerGiven`."""
    round = IntegerField()
    at = DoubleField()

    class Meta:
        primary_key = CompositeKey("face", "tagger")

    @classmethod
    def put(cls, *, face_id: str, tagger: str, answer: str, round: int, at: float) -> None:  # noqa: A002 - as above
        """Store an answer unless a later one of the same tagger is here; again is the same."""
        database.execute_sql(
            _sql(
                "INSERT INTO vote (face_id, tagger, answer, round, at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (face_id, tagger) DO UPDATE"
                " SET answer = excluded.answer, round = excluded.round, at = excluded.at"
                " WHERE vote.at <= excluded.at"
            ),
            (face_id, tagger, answer, round, at),
        )

    @classmethod
    def of(cls, face_id: str) -> list[Answer]:
        """The votes on a face, oldest first."""
        return cls.of_each([face_id])[face_id]

    @classmethod
    def of_each(cls, face_ids: Sequence[str]) -> dict[str, list[Answer]]:
        """The votes on each of these faces, oldest first."""
        votes: dict[str, list[Answer]] = {face_id: [] for face_id in face_ids}
        columns = (cls.face, cls.tagger, cls.answer, cls.at)
        rows: Any = cls.select(*columns).where(cls.face << face_ids).order_by(cls.at, cls.tagger).tuples()
        for face_id, *answer in rows:
            votes[face_id].append(Answer(*answer))
        return votes


class PastRequest(_Table):
    """The request of an earlier round of a face, which is asked about again in a new message."""

    face = ForeignKeyField(Face, backref="past_requests")
    round = IntegerField()
    message_ts = CharField(32)
    reopened_by = CharField(32, null=True)
    """Slack id of who had it asked again; null where that was an operator."""
    shown = BooleanField(default=False)
    """Whether Slack shows that it is over."""

    class Meta:
        primary_key = CompositeKey("face", "round")


class TrainedVector(_Table):
    """What the local training backend learned: a face's 128 numbers."""

    face_id = CharField(36, primary_key=True)
    person_ref = CharField(36, index=True)
    vector = BlobField()


class Tally(_Table):
    """How many there are of something, so that nobody has to count a million rows. Written by the database
    itself: see the triggers in migration 0004.
    """

    EMPTY_PHOTO: ClassVar = "empty photo"

    what = CharField(32, primary_key=True)
    """A state of faces, or `EMPTY_PHOTO`."""
    count = IntegerField()


class BackendCalls(_Table):
    """How often an operation of the training backend was called, by month."""

    month = CharField(7)
    """Of UTC, as 2026-11."""
    operation = CharField(64)
    count = IntegerField()

    class Meta:
        primary_key = CompositeKey("month", "operation")


class Notice(_Table):
    """Something that the operator should know until it is dealt with."""

    name = CharField(64, primary_key=True)
    text = TextField()
    since = DoubleField()

    @classmethod
    def put(cls, name: str, text: str, now: float) -> None:
        """Say it; said already, it stays as it was."""
        with writing():
            cls.insert(name=name, text=text, since=now).on_conflict_ignore().execute()

    @classmethod
    def clear(cls, name: str) -> None:
        """It has been dealt with."""
        with writing():
            cls.delete().where(cls.name == name).execute()


class RunningBot(_Table):
    """What a bot tells of itself, every few seconds as long as it runs."""

    id = TextField(primary_key=True)
    seen_at = DoubleField()
    told = TextField()
    """JSON: the fields of a `Heartbeat`."""


class Turn(_Table):
    """When the next one may do something that all bots on this database do at one pace."""

    name = CharField(64, primary_key=True)
    next_at = DoubleField()


class FailedMessage(_Table):
    """A message at Amazon SQS that failed, and waits for another attempt or is a dead letter: what SQS cannot
    be told, or asked for. `tagbot.queues.notes` writes and reads it.
    """

    queue = CharField(64)
    message_id = TextField()
    key = TextField()
    """What the message is about (a face's id)."""
    state = CharField(16)
    attempt = IntegerField()
    """The next one's number."""
    received = IntegerField()
    """How often SQS had handed the message out by then."""
    error = TextField()
    first_seen = DoubleField()
    not_before = DoubleField()
    failing_since = DoubleField(null=True)
    """Its first failure in a row; None for a dead letter that never can work."""

    class Meta:
        primary_key = CompositeKey("queue", "message_id")


class StallAlert(_Table):
    """That tagging is held up: from when it is noticed until the channel was told that it goes on.
    `tagbot.monitoring.stall_alert` writes and reads it.
    """

    noticed_at = DoubleField(primary_key=True)
    saying = TextField(null=True)
    """The name of what the channel is being told: the intent, set before Slack is called."""
    told = BooleanField(default=False)
    """Whether the channel knows of any of it."""
    known = TextField(default="{}")
    """JSON: what the channel was told of, or what goes on since then: until when, by where it fails."""

    class Meta:
        table_name = "hold_up"

    def put(self) -> None:
        """Store it as it is here."""
        row = {name: getattr(self, name) for name in ("noticed_at", "saying", "told", "known")}
        with writing():
            type(self).insert(row).on_conflict(
                conflict_target=[StallAlert.noticed_at],
                preserve=[StallAlert.saying, StallAlert.told, StallAlert.known],
            ).execute()

    def end(self) -> None:
        """It is over."""
        with writing():
            self.delete_instance()


TABLES: tuple[type[_Table], ...] = (
    Photo, Person, Face, Vote, PastRequest, TrainedVector, Tally, BackendCalls, Notice, StallAlert,
    RunningBot, FailedMessage, Turn,
)  # fmt: skip


class ModelVectors:
    """Keeps the local backend's vectors in the database."""

    def put(self, face_id: str, person_ref: str, vector: bytes) -> None:
        """Store a face's vector, in place of an earlier one."""
        with writing():
            TrainedVector.insert(face_id=face_id, person_ref=person_ref, vector=vector).on_conflict(
                conflict_target=[TrainedVector.face_id],
                preserve=[TrainedVector.person_ref, TrainedVector.vector],
            ).execute()

    def delete(self, face_id: str) -> None:
        """Forget a face; no error when it is not here."""
        with writing():
            TrainedVector.delete().where(TrainedVector.face_id == face_id).execute()

    def persons(self) -> dict[str, str]:
        """The person by face."""
        rows: Any = TrainedVector.select(TrainedVector.face_id, TrainedVector.person_ref).tuples()
        return dict(rows)

    def count(self) -> int:
        """How many faces the local model knows."""
        return TrainedVector.select().count()


def photos_without_faces() -> int:
    """Photos that were kept although no face was found in them."""
    return Tally.get_by_id(Tally.EMPTY_PHOTO).count


def store_photo(photo: dict[str, Any], faces: Iterable[dict[str, Any]]) -> None:
    """Store a photo with its faces, all or nothing."""
    with writing():
        Photo.insert(photo).execute()
        for face in faces:
            Face.insert(face).execute()
