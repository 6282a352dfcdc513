"""The yes or no of people to being learned, and the question that each of them got once."""

import hashlib
from typing import Any, Self

from peewee import CharField, CompositeKey, DoubleField, ForeignKeyField, TextField, fn

from tagbot.database.models.base import Table, WrittenText, execute
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.write_lock import writing
from tagbot.vocabulary import Consent, NotSentReason, State

IN_SLACK = "Slack"
"""The way of what was clicked."""


class ConsentText(Table):
    """A text that people were asked to agree to, as they saw it."""

    id = CharField(64, primary_key=True)
    """SHA-256 of the text."""
    text = WrittenText()
    since = DoubleField()

    @classmethod
    def keep(cls, text: str, now: float) -> str:
        """Its id; it is stored when new."""
        text_id = hashlib.sha256(text.encode()).hexdigest()
        if not cls.select().where(cls.id == text_id).exists():  # mostly it is there, and nobody need wait
            with writing():
                cls.insert(id=text_id, text=text, since=now).on_conflict_ignore().execute()
        return text_id


class ConsentStatement(Table):
    """One yes or no of a person. The latest counts, by when it was said."""

    person = ForeignKeyField(Person, backref="statements", index=False)  # the primary key begins with it
    person_id: str
    at = DoubleField()
    said = CharField(16)
    """`Consent.GIVEN`, `REFUSED` or `WITHDRAWN`."""
    way = WrittenText()
    """`IN_SLACK`, or the operator's words for how it was given elsewhere."""
    text = ForeignKeyField(ConsentText, null=True, backref="statements")
    """The one that it was said to; null where that is not known."""
    text_id: str | None

    class Meta:
        primary_key = CompositeKey("person", "at", "said")

    @property
    def words(self) -> str | None:
        """Those that it was said to; None where they are not known."""
        return None if self.text is None else str(self.text.text)

    @classmethod
    def of(cls, person_id: str) -> list[Self]:
        """All that a person said, the oldest first."""
        return list(cls.select().where(cls.person == person_id).order_by(cls.at, cls.said))

    @classmethod
    def latest(cls, person_id: str) -> Self | None:
        """The one that counts; None for a person who said nothing yet."""
        said: Self | None = (
            cls.select().where(cls.person == person_id).order_by(cls.at.desc(), cls.said.desc()).first()
        )
        return said

    @classmethod
    def note(cls, person_id: str, said: str, *, at: float, way: str, text_id: str | None) -> None:
        """Store it, once. A no of a person who had agreed is a withdrawal."""
        with writing():
            before = cls.select().where((cls.person == person_id) & (cls.at < at))
            last = before.order_by(cls.at.desc(), cls.said.desc()).first()
            had_agreed = last is not None and last.said == Consent.GIVEN
            if said == Consent.REFUSED and had_agreed:
                said = Consent.WITHDRAWN
            cls.insert(
                person=person_id, at=at, said=said, way=way, text=text_id
            ).on_conflict_ignore().execute()


class ConsentQuestion(Table):
    """The one direct message by which a person is asked whether they may be learned."""

    person = ForeignKeyField(Person, primary_key=True, backref="questions")
    person_id: str
    text = ForeignKeyField(ConsentText)
    text_id: str
    asking_since = DoubleField(null=True)
    """The intent to post: set before Slack is called."""
    channel = CharField(32, null=True)
    """Slack's id of the direct conversation."""
    message_ts = CharField(32, null=True)
    """Slack's id of the message; null before it is posted."""
    asked_at = DoubleField(null=True)
    problem = TextField(null=True)
    """Why Slack will not have the person asked; null as long as it may."""
    shows = CharField(16, null=True)
    """The `Consent` that the message shows."""

    @classmethod
    def of(cls, person_id: str) -> Self | None:
        """The question that a person got or is to get."""
        found: Self | None = cls.get_or_none(cls.person == person_id)
        return found

    @classmethod
    def put(cls, person_id: str, **changes: Any) -> None:
        """Change it, or begin it with `text`."""
        with writing():
            if not cls.update(**changes).where(cls.person == person_id).execute():
                cls.insert(person=person_id, **changes).execute()


def standing(person_id: str) -> Consent:
    """Where a person's consent stands."""
    said = ConsentStatement.latest(person_id)
    if said is not None:
        return Consent(said.said)
    question = ConsentQuestion.of(person_id)
    return Consent.ASKED if question is not None and question.message_ts is not None else Consent.NONE


def may_be_learned(person_id: str, *, required: bool) -> bool:
    """Whether a person may be learned; where consent is not `required`, all who did not say no."""
    said = ConsentStatement.latest(person_id)
    return not required if said is None else said.said == Consent.GIVEN


def waiting_for_consent(person_id: str) -> list[Face]:
    """A person's tagged faces that are not learned for want of their yes, oldest first."""
    of_person = (Face.person == person_id) & (Face.state == State.TAGGED)
    waits = of_person & (Face.reason == NotSentReason.NO_CONSENT)
    return list(Face.select().where(waits).order_by(Face.tagged_at, Face.id))


def count_waiting_for_consent() -> int:
    """Faces that a yes would send to the model: not those of people who said no."""
    # Written out: SQLite uses an index of some rows alone where it sees which ones are meant.
    [count] = execute(
        "SELECT COUNT(*) FROM face WHERE reason = 'no_consent' AND state = 'tagged' AND NOT EXISTS ("
        " SELECT 1 FROM consent_statement AS last WHERE last.person_id = face.person_id"
        " AND last.said <> 'given' AND last.at ="
        " (SELECT MAX(at) FROM consent_statement WHERE person_id = face.person_id))"
    ).fetchone()
    return int(count)


def learned_faces(person_id: str) -> list[Face]:
    """A person's faces that are in a model."""
    in_model = Face.face_ref.is_null(False) & (Face.state << (State.TAGGED, State.TRAINING))
    return list(Face.select().where((Face.person == person_id) & in_model).order_by(Face.id))


def consented_and_waiting(limit: int) -> list[tuple[str, int, float]]:
    """Tagged faces that are to be learned, as their people have agreed: id, round, and when they did."""
    waits = (Face.state == State.TAGGED) & (Face.reason == NotSentReason.NO_CONSENT)
    columns = (Face.id, Face.round, _latest(ConsentStatement.at, Face.person))
    agreed = _latest(ConsentStatement.said, Face.person) == Consent.GIVEN
    rows: Any = Face.select(*columns).where(waits & agreed).order_by(Face.tagged_at, Face.id).limit(limit)
    return list(rows.tuples())


def people_to_look_at(*, required: bool, limit: int) -> list[Person]:
    """People about whom something is left to do: they are learned and have not agreed, are to be asked, or do
    not see what they said.
    """
    said = _latest(ConsentStatement.said, Person.id)
    of_person = (Face.person == Person.id) & (Face.state == State.TAGGED)
    without = fn.COALESCE(said, Consent.NONE if required else Consent.GIVEN) != Consent.GIVEN
    learned = without & fn.EXISTS(Face.select().where(of_person & Face.face_ref.is_null(False)))
    asked = (ConsentQuestion.person == Person.id) & (
        ConsentQuestion.message_ts.is_null(False) | ConsentQuestion.problem.is_null(False)
    )
    to_ask = (
        Person.slack_id.is_null(False)
        & (fn.COALESCE(said, Consent.NONE) == Consent.NONE)
        & ~fn.EXISTS(ConsentQuestion.select().where(asked))
    )
    to_ask &= fn.EXISTS(Face.select().where(of_person & (Face.reason == NotSentReason.NO_CONSENT)))
    shown = (ConsentQuestion.person == Person.id) & ConsentQuestion.message_ts.is_null(False)
    behind = fn.EXISTS(ConsentQuestion.select().where(shown & (ConsentQuestion.shows != said)))
    which = learned | behind | (to_ask if required else learned)
    return list(Person.select().where(which).order_by(Person.id).limit(limit))


def _latest(column: Any, person: Any) -> Any:
    """A column of what a person said last."""
    last = ConsentStatement.select(column).where(ConsentStatement.person == person)
    return last.order_by(ConsentStatement.at.desc(), ConsentStatement.said.desc()).limit(1)
