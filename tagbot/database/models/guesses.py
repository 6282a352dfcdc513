"""What the machine is sure of, kept apart from what people say: noted before anybody answers, and judged by
what people agree on.
"""

from typing import Any

from peewee import BooleanField, CharField, CompositeKey, DoubleField, ForeignKeyField, IntegerField

from tagbot.consensus import Answer, Consensus, Rule, consensus
from tagbot.database.models.base import Table
from tagbot.database.models.faces import Face
from tagbot.database.models.merged_people import MergedPeople
from tagbot.database.models.people import Person
from tagbot.database.models.votes import Vote
from tagbot.lib.estimates import Record
from tagbot.lib.names import email_key
from tagbot.vocabulary import LEAST_LEARNED, MACHINE

LAST = 1000
"""Faces by which the machine is judged: the contract's."""


class Guess(Table):
    """Whom the machine takes a face for, in a round in which it is sure."""

    face = CharField(36, column_name="face_id")
    """Its id; any other where that face was forgotten, as the machine's record stays."""
    round = IntegerField()
    person = ForeignKeyField(Person, null=True)
    """Null for one who was forgotten."""
    at = DoubleField()
    votes = BooleanField()
    """Whether it counts as a vote beside a person's, while the machine has one. Its record is made of those
    that did not.
    """
    was_right = BooleanField(null=True)
    """Whether people agreed on the same person; null until they agree on anything."""
    judged_at = DoubleField(null=True)

    class Meta:
        primary_key = CompositeKey("face", "round")

    @classmethod
    def answer(cls, face_id: str, round: int, rule: Rule) -> Answer | None:  # noqa: A002 - the glossary's word
        """The machine's vote on a face; None where it has none, or has lost it since it was noted."""
        counts = (cls.face == face_id) & (cls.round == round) & cls.votes
        guess = cls.select(cls, Person).join(Person).where(counts).first()
        if guess is None:
            return None
        person: Person = guess.person.root()
        if not (cls._is_earned(person, rule) or _has_voted_beside(face_id)):
            return None
        key = person.name_key or ""
        email = email_key(person.email or "") if key else ""
        return Answer(MACHINE, person.as_answer, guess.at, key, email)

    @classmethod
    def _is_earned(cls, person: Person, rule: Rule) -> bool:
        """Whether it may vote for a person at this moment."""
        is_known = rule.machine_votes and Face.learned_of(person) >= LEAST_LEARNED
        return is_known and cls.record().earns_vote

    @classmethod
    def judge(
        cls,
        face_id: str,
        round: int,  # noqa: A002 - as above
        person: Person | None,
        now: float,
        *,
        had_vote: bool,
    ) -> None:
        """People agreed on a person, or that there is nobody; a guess is judged once. One that `had_vote` no
        longer was judged by people alone. One that lost its name to a forgetting may have meant the person,
        who is another one since: whether it was right, nothing tells.
        """
        of_face = (cls.face == face_id) & (cls.round == round) & cls.was_right.is_null()
        of_face &= cls.person.is_null(False) if person else True
        parts = MergedPeople.now().parts(person.id) if person else ()
        right = cls.person << list(parts) if person else False
        alone = {} if had_vote else {"votes": False}
        cls.update(was_right=right, judged_at=now, **alone).where(of_face).execute()

    @classmethod
    def record(cls) -> Record:
        """How it did in the latest that people alone judged."""
        judged = cls.judged(LAST)
        return Record(len(judged), sum(judged))

    @classmethod
    def judged(cls, limit: int) -> list[bool]:
        """Whether each was right of the latest that people alone judged, the newest first."""
        alone = cls.was_right.is_null(False) & ~cls.votes
        rows: Any = (
            cls.select(cls.was_right).where(alone).order_by(cls.judged_at.desc(), cls.face).limit(limit)
        )
        return [bool(right) for (right,) in rows.tuples()]


def outcome(face_id: str, round: int, rule: Rule) -> Consensus:  # noqa: A002 - the glossary's word
    """What the answers about a face come to, with the machine's vote where it has one at this moment."""
    return consensus(Vote.of(face_id), rule, machine=Guess.answer(face_id, round, rule))


def _has_voted_beside(face_id: str) -> bool:
    """Whether its vote counted for another face of the same request. It has one opinion about all of them,
    and their message closes with the first.
    """
    request = Face.select(Face.request).where(Face.id == face_id)
    beside = Vote.select().join(Face).where((Face.request << request) & (Vote.tagger == MACHINE))
    return bool(beside.exists())
