"""Forgetting people: who is being forgotten, what is to go, and the receipts of what has gone."""

import json
import secrets
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self

from peewee import (
    BlobField,
    BooleanField,
    CharField,
    CompositeKey,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    TextField,
    fn,
)

from tagbot.database.models.base import Table, execute
from tagbot.database.write_lock import writing
from tagbot.vocabulary import FORGOTTEN

IDLE = "idle"


class Kind(StrEnum):
    """Of a thing that is to go; `ref` and `detail` say which."""

    FACE = "face"
    """A face of theirs; in detail the state that it was in."""
    PHOTO = "photo"
    """One in which nobody else is."""
    HIDDEN = "hidden"
    """A photo in which others are; in detail, as JSON, its size and where the faces are."""
    NEIGHBOUR = "neighbour"
    """Another face in such a photo; in detail its photo and its place."""
    MODEL = "model"
    """That of a training backend which may know them; in detail `IDLE` where it is not known to."""
    QUEUE = "queue"
    REQUEST = "request"
    """One whose message says who it is or shows a face."""
    PICTURES = "pictures"
    """A request that is open, and needs its pictures anew."""
    FILE = "file"
    """A picture at Slack."""
    QUESTION = "question"
    """A question for consent to another person whose words mention them: its `ts`, and in detail its channel.
    """
    MESSAGE = "message"
    """One to somebody alone: its `ts`, and in detail its channel."""


@dataclass(frozen=True, slots=True)
class Marks:
    """All by which a person is recognised in what is kept. Nothing of it outlives the forgetting."""

    slack_ids: tuple[str, ...] = ()
    person_ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """In each spelling that somebody typed or Slack told."""
    name_keys: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    vectors: tuple[str, ...] = ()
    """In hexadecimal, the first bytes of each."""
    typed: tuple[str, ...] = ()
    """By the operator, as it was."""

    @property
    def ids(self) -> tuple[str, ...]:
        """Slack's and ours."""
        return (*self.slack_ids, *self.person_ids)

    def joined(self, other: "Marks") -> "Marks":
        """All of both, each once."""
        both = (
            (each.name, (*getattr(self, each.name), *getattr(other, each.name))) for each in fields(Marks)
        )
        return Marks(**{name: tuple(dict.fromkeys(marks)) for name, marks in both})

    def sealed(self) -> bytes:
        """So that no search of the database's bytes finds any of them there."""
        plain = json.dumps(asdict(self)).encode()
        pad = secrets.token_bytes(len(plain))
        return pad + bytes(one ^ other for one, other in zip(pad, plain, strict=True))

    @classmethod
    def unsealed(cls, sealed: bytes) -> Self:
        """From the bytes of `sealed`."""
        half = len(sealed) // 2
        plain = bytes(one ^ other for one, other in zip(sealed[:half], sealed[half:], strict=True))
        return cls(**{name: tuple(marks) for name, marks in json.loads(plain).items()})


class Forgetting(Table):
    """A forgetting that is under way; or the receipt of one that is over."""

    id = CharField(36, primary_key=True)
    """Opaque: it says nothing of who it was."""
    way = CharField(16)
    """A `WayToForget`."""
    never_again = BooleanField()
    asked_at = DoubleField()
    step = CharField(16, default="")
    """The last `Step` that was taken."""
    part = IntegerField(default=0)
    """Counts the messages that carry it on."""
    sealed = BlobField(null=True)
    """The `Marks`; null once everything was searched for them. Of one that was begun without the Slack
    settings, the account stays until the bot has been in Slack.
    """
    counts = TextField(default="{}")
    """JSON: how many of what have gone."""
    unsearched = TextField(default="[]")
    """JSON: what could not be searched."""
    searched_at = DoubleField(null=True)
    """When nothing was found any more that may still go, but for what Slack may still have."""
    finished_at = DoubleField(null=True)
    found = TextField(default="{}")
    """JSON: since when the searches found something, by place. Once that is over, it stays there."""

    @classmethod
    def begin(cls, receipt: str, marks: Marks, *, way: str, never_again: bool, now: float) -> Self:
        """The forgetting of that receipt, made when there is none yet."""
        with writing():
            row = {"id": receipt, "way": way, "never_again": never_again, "asked_at": now}
            cls.insert(**row, sealed=marks.sealed()).on_conflict_ignore().execute()
            return cls.get_by_id(receipt)

    @classmethod
    def left_behind(cls, before: float) -> list[tuple[str, int]]:
        """Id and part of those that were asked for before then and are not finished."""
        return [(each.id, each.part) for each in cls.unfinished() if each.asked_at < before]

    @classmethod
    def unfinished(cls) -> list[Self]:
        """Those that are under way, the oldest first; mostly there are none."""
        if execute("SELECT 1 FROM forgetting WHERE finished_at IS NULL").fetchone() is None:
            return []
        return list(cls.select().where(cls.finished_at.is_null()).order_by(cls.asked_at, cls.id))

    @classmethod
    def has_searched_between(cls, since: float, until: float) -> bool:
        """Whether somebody was forgotten while a form was open, from `since` to `until`: nobody can tell any
        more who it was.
        """
        sql = "SELECT 1 FROM forgetting WHERE searched_at >= ? AND asked_at <= ?"
        return execute(sql, since, until).fetchone() is not None

    @classmethod
    def stamp(cls) -> tuple[int, float | None]:
        """Another one whenever a person is to be forgotten."""
        number, last = cls.select(fn.COUNT(cls.id), fn.MAX(cls.asked_at)).scalar(as_tuple=True)
        return int(number), last

    @classmethod
    def with_leftovers(cls, since: float) -> list[Self]:
        """Those that ended since then although something stays."""
        ended = cls.finished_at >= since
        return list(cls.select().where(ended & (cls.found != "{}")).order_by(cls.finished_at, cls.id))

    @classmethod
    def note(cls, receipt: str, **changes: Any) -> None:
        """Change it."""
        with writing():
            cls.update(**changes).where(cls.id == receipt).execute()

    @classmethod
    def drop(cls, receipt: str) -> None:
        """There was nothing to forget."""
        with writing():
            ToForget.delete().where(ToForget.forgetting == receipt).execute()
            cls.delete().where(cls.id == receipt).execute()

    @property
    def marks(self) -> Marks | None:
        """By which the person is recognised; None once everything was searched for them."""
        return Marks.unsealed(bytes(self.sealed)) if self.sealed is not None else None

    @property
    def found_nothing(self) -> bool:
        """Whether there was nothing to forget."""
        return self.searched_at is not None and not self.counted and not self.found_since

    @property
    def found_since(self) -> Mapping[str, float]:
        """The places where something was found, and since when."""
        return dict(json.loads(self.found))

    @property
    def counted(self) -> Mapping[str, int]:
        """How many of what have gone."""
        return dict(json.loads(self.counts))

    @property
    def not_searched(self) -> list[str]:
        """All that could not be searched."""
        return list(json.loads(self.unsearched))


class ToForget(Table):
    """A thing that is to go, noted before the first one goes."""

    forgetting = ForeignKeyField(Forgetting, backref="things", index=False)  # the primary key begins with it
    forgetting_id: str
    kind = CharField(16)
    """A `Kind`."""
    ref = CharField(200)
    detail = TextField(null=True)
    is_gone = BooleanField(default=False)

    class Meta:
        primary_key = CompositeKey("forgetting", "kind", "ref")

    @classmethod
    def note(cls, receipt: str, kind: str, things: Mapping[str, str | None] | Iterable[str]) -> None:
        """List things of a kind, some of them with a detail; one that is listed already stays as it is."""
        details = things if isinstance(things, Mapping) else dict.fromkeys(things)
        rows = [
            {"forgetting": receipt, "kind": kind, "ref": ref, "detail": detail}
            for ref, detail in details.items()
        ]
        for start in range(0, len(rows), 100):
            cls.insert_many(rows[start : start + 100]).on_conflict_ignore().execute()

    @classmethod
    def left(cls, receipt: str, *kinds: str) -> Iterator[Self]:
        """Those of these kinds that are still here."""
        of_kind = (cls.forgetting == receipt) & (cls.kind << kinds)
        yield from list(cls.select().where(of_kind & ~cls.is_gone).order_by(cls.kind, cls.ref))

    @classmethod
    def all_of(cls, receipt: str, *kinds: str) -> list[Self]:
        """The things of these kinds, gone or not."""
        of_kind = (cls.forgetting == receipt) & (cls.kind << kinds)
        return list(cls.select().where(of_kind).order_by(cls.kind, cls.ref))

    def is_idle(self) -> None:
        """A training backend is treated from now on as one that is not known to know the person."""
        this = (ToForget.forgetting == self.forgetting_id) & (ToForget.kind == self.kind)
        with writing():
            ToForget.update(detail=IDLE).where(this & (ToForget.ref == self.ref)).execute()

    def went(self) -> None:
        """It is gone."""
        this = (ToForget.forgetting == self.forgetting_id) & (ToForget.kind == self.kind)
        with writing():
            ToForget.update(is_gone=True).where(this & (ToForget.ref == self.ref)).execute()


def opaque_tagger() -> str:
    """A new id for who voted and was forgotten."""
    return f"{FORGOTTEN}{uuid.uuid4().hex[:16]}"
