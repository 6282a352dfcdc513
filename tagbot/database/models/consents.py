"""The yes or no of people to being learned, and the question that each of them got once."""

import hashlib
from collections.abc import Sequence, Set
from typing import Any, Self

from peewee import (
    SQL,
    BooleanField,
    CharField,
    CompositeKey,
    DoubleField,
    ForeignKeyField,
    TextField,
    fn,
)

from tagbot.database.models.base import Table, WrittenText, execute
from tagbot.database.models.faces import Face
from tagbot.database.models.merged_people import MergedPeople
from tagbot.database.models.people import Person
from tagbot.database.write_lock import writing
from tagbot.messages import CONSENT, FaceTagged
from tagbot.vocabulary import Consent, NotSentReason, State

IN_SLACK = "Slack"
"""The way of what was clicked."""

LATER = 1e-6
"""Seconds by which two messages differ that have a face learned by the same yes."""


class ConsentText(Table):
    """A text that people were asked to agree to, as they saw it."""

    id = CharField(64, primary_key=True)
    """SHA-256 of the text."""
    text = WrittenText()
    since = DoubleField()

    @classmethod
    def keep(cls, text: str, now: float, instead: str | None = None) -> str:
        """Its id; it is stored when new, or other words instead, which mention nobody."""
        text_id = hashlib.sha256(text.encode()).hexdigest()
        if not cls.select().where(cls.id == text_id).exists():  # mostly it is there, and nobody need wait
            with writing():
                row = {"id": text_id, "text": instead or text, "since": now}
                cls.insert(row).on_conflict_ignore().execute()
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
    by_merge = BooleanField(default=False)
    """Whether it is no statement of theirs, but what holds for them since a merge, as one of the merged said
    less; there, `said` may be `Consent.NONE`, too.
    """

    class Meta:
        primary_key = CompositeKey("person", "at", "said")

    @property
    def words(self) -> str | None:
        """Those that it was said to; None where they are not known."""
        return None if self.text is None else str(self.text.text)

    @classmethod
    def of(cls, person_id: str) -> list[Self]:
        """All that a person said, and those who are a part of them, the oldest first."""
        people = list(MergedPeople.now().within(person_id))
        return list(cls.select().where((cls.person << people) & ~cls.by_merge).order_by(cls.at, cls.said))

    @classmethod
    def latest(cls, person_id: str) -> Self | None:
        """The one that counts; None where nothing was said yet, or where silence holds since a merge."""
        said: Self | None = (
            cls.select().where(cls.person == person_id).order_by(cls.at.desc(), cls.said.desc()).first()
        )
        return None if said is None or said.said == Consent.NONE else said

    @classmethod
    def note(cls, person_id: str, said: str, *, at: float, way: str, text_id: str | None) -> None:
        """Store it, once. A no of a person who had agreed is a withdrawal."""
        with writing():
            before = cls.select().where((cls.person == person_id) & (cls.at < at) & ~cls.by_merge)
            last = before.order_by(cls.at.desc(), cls.said.desc()).first()
            had_agreed = last is not None and last.said == Consent.GIVEN
            if said == Consent.REFUSED and had_agreed:
                said = Consent.WITHDRAWN
            cls.insert(
                person=person_id, at=at, said=said, way=way, text=text_id
            ).on_conflict_ignore().execute()
            hold_the_stricter(person_id)


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


def hold_the_stricter(person_id: str) -> None:
    """Note at the person whom this one is a part of what holds since merges: what any of them said after the
    last merge; else, of what held for both halves before it, the stricter.
    """
    merged = MergedPeople.now()
    root = merged.root(person_id)
    parts = merged.within(root)
    ours = ConsentStatement.person << list(parts)
    ConsentStatement.delete().where(ours & ConsentStatement.by_merge).execute()
    said = list(ConsentStatement.select().where(ours).order_by(ConsentStatement.at, ConsentStatement.said))
    held = _held(root, parts, said, merged)
    own = [each for each in said if each.person_id == root]
    if held is (own[-1] if own else None):
        return
    since = max(merged.at[each] for each in parts - {root})
    row = {"said": Consent.NONE, "way": ""} if held is None else {"said": held.said, "way": held.way}
    at = since if held is None else max(held.at, since)
    text = None if held is None else held.text_id
    ConsentStatement.insert(
        person=root, at=at, text=text, by_merge=True, **row
    ).on_conflict_ignore().execute()


def _held(
    root: str, parts: Set[str], said: Sequence[ConsentStatement], merged: MergedPeople
) -> ConsentStatement | None:
    """What holds for these people, who are one; None where nothing was said, or silence is stricter."""
    those = [each for each in said if each.person_id in parts]
    if len(parts) == 1:
        return those[-1] if those else None
    last = max(parts - {root}, key=lambda each: (merged.at[each], each))
    if those and those[-1].at >= merged.at[last]:
        return those[-1]
    came = merged.within(last)
    halves = _held(root, parts - came, those, merged), _held(last, came, those, merged)
    return max(halves, key=lambda half: (_strictness(half), half.at if half else 0.0))


def _strictness(said: ConsentStatement | None) -> int:
    return 1 if said is None else 0 if said.said == Consent.GIVEN else 2


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


# SQLite uses an index of some rows alone where it sees which are meant; where it may, it takes one of all
# tagged faces instead.
_WAIT = (Face.reason == SQL(f"'{NotSentReason.NO_CONSENT}'")) & (Face.state.concat("") == State.TAGGED)


def count_waiting_for_consent() -> int:
    """Faces that a yes would send to the model: not those of people who said no."""
    # Written out, as `_WAIT` is.
    [count] = execute(
        "SELECT COUNT(*) FROM face WHERE reason = 'no_consent' AND state || '' = 'tagged' AND NOT EXISTS ("
        " SELECT 1 FROM consent_statement AS last WHERE last.person_id = face.person_id"
        " AND last.said NOT IN ('given', 'none') AND last.at ="
        " (SELECT MAX(at) FROM consent_statement WHERE person_id = face.person_id))"
    ).fetchone()
    return int(count)


def learned_faces(person_id: str) -> list[Face]:
    """A person's faces that are in a model."""
    in_model = Face.face_ref.is_null(False) & (Face.state << (State.TAGGED, State.TRAINING))
    return list(Face.select().where((Face.person == person_id) & in_model).order_by(Face.id))


def consented_and_waiting(limit: int) -> list[FaceTagged]:
    """The messages that have tagged faces learned whose people have agreed."""
    agreed_at = _latest(ConsentStatement.at, Face.person).alias("agreed_at")
    agreed = _said_last(Face.person) == Consent.GIVEN
    query: Any = Face.select(Face, agreed_at).where(_WAIT & agreed).order_by(Face.tagged_at, Face.id)
    return [after_yes(face, face.agreed_at) for face in query.limit(limit)]


def after_yes(face: Face, agreed_at: float) -> FaceTagged:
    """The message that has a face learned whose person agreed then. A face that was learned by this yes, and
    left the model as the person was merged into one who had not agreed, is learned another time.
    """
    _, found, learned_by = (face.claimed_by or "").rpartition(f":{CONSENT}")
    at = max(agreed_at, float(learned_by) + LATER) if found else agreed_at
    return FaceTagged.after_consent(face.id, face.round, at)


def people_to_look_at(*, required: bool, limit: int) -> list[Person]:
    """People about whom something is left to do: they are learned and have not agreed, are to be asked, or do
    not see what they said.
    """
    said = _said_last(Person.id)
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
    to_show = fn.COALESCE(said, Consent.ASKED)
    behind = fn.EXISTS(ConsentQuestion.select().where(shown & (ConsentQuestion.shows != to_show)))
    which = learned | behind | (to_ask if required else learned)
    return list(Person.select().where(which).order_by(Person.id).limit(limit))


def _said_last(person: Any) -> Any:
    """None where that is silence, which holds since a merge."""
    return _latest(fn.NULLIF(ConsentStatement.said, Consent.NONE), person)


def cannot_be_asked() -> str:
    """How many people have said nothing, and Slack lets nobody write to them; empty for none."""
    words = (ConsentStatement.person == ConsentQuestion.person) & (ConsentStatement.said != Consent.NONE)
    said = ConsentStatement.select().where(words)
    unasked = ConsentQuestion.problem.is_null(False) & ConsentQuestion.message_ts.is_null()
    number = ConsentQuestion.select().where(unasked & ~fn.EXISTS(said)).count()
    people = "1 person" if number == 1 else f"{number} people"
    return (
        f"{people} cannot be asked for consent by direct message, and {'is' if number == 1 else 'are'} not "
        "learned: `consent` notes what they say elsewhere"
        if number
        else ""
    )


def _latest(column: Any, person: Any) -> Any:
    """A column of what a person said last."""
    last = ConsentStatement.select(column).where(ConsentStatement.person == person)
    return last.order_by(ConsentStatement.at.desc(), ConsentStatement.said.desc()).limit(1)
