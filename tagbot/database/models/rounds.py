"""Rounds, the askings of a face: which are over, and beginning the next one."""

from collections.abc import Sequence
from typing import Any

from peewee import BooleanField, CharField, CompositeKey, ForeignKeyField, IntegerField

from tagbot.database.models.base import Table
from tagbot.database.models.faces import Face
from tagbot.database.models.merged_people import MergedPeople
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.messages import FaceFound, FaceStored
from tagbot.vocabulary import BY_PEOPLE, RejectionReason, State

OF_ONE_ROUND = (
    "reason", "request", "number", "person", "given_to", "claimed_by", "training_backend", "person_ref",
    "face_ref", "displaced_by", "handed_to", "closed_at", "tagged_at",
)  # fmt: skip
"""Columns of a face that begin empty in each round; the uploaded pictures serve them all."""


class PastRound(Table):
    """An earlier round of a face, which is asked about again in a new message."""

    face = ForeignKeyField(Face, backref="past_rounds", index=False)  # the primary key begins with it
    face_id: str
    round = IntegerField()
    request = ForeignKeyField(Request, backref="past_rounds")
    """The one that it was asked in."""
    reopened_by = CharField(32, null=True)
    """Slack id of the person who had it asked again; null where that was an operator."""
    struck_out = BooleanField(null=True)
    """Whether that person saw that it is not the same as the other faces in its request."""
    person = ForeignKeyField(Person, null=True, index=False, on_delete="SET NULL")
    """As whom people tagged it, wrongly as somebody saw: the one whom they named, also where that one was
    merged into another.
    """
    person_id: str | None

    class Meta:
        primary_key = CompositeKey("face", "round")

    @classmethod
    def people_of(cls, face_ids: Sequence[str]) -> dict[str, set[str]]:
        """As whom each of these faces was tagged in earlier rounds, merged people being one; faces that never
        were are left out.
        """
        rows: Any = cls.select(cls.face, cls.person).where((cls.face << face_ids) & cls.person.is_null(False))
        merged = MergedPeople.now()
        people: dict[str, set[str]] = {}
        for face_id, person_id in rows.tuples():
            people.setdefault(face_id, set()).add(merged.root(person_id))
        return people


def ask_again(
    face_id: str,
    round: int,  # noqa: A002 - the glossary's word
    old: str,
    by: str | None,
    *,
    has_message: bool = True,
    struck_out: bool = False,
    fact: type[FaceStored | FaceFound] = FaceStored,
) -> bool:
    """Begin the next round of a face in state `old`, without the votes of this one; whether this call did.
    Without `has_message`, it waits for `let_next_in` to send it on its way; else the caller puts the `fact`
    on its queue.
    """
    with writing():
        face = Face.get_or_none((Face.id == face_id) & (Face.round == round) & (Face.state == old))
        if face is None:
            return False
        if face.request_id is not None:
            PastRound.insert(
                face=face_id,
                round=round,
                request=face.request_id,
                reopened_by=by,
                struck_out=struck_out,
                person=face.given_to or face.person_id,
            ).on_conflict_ignore().execute()
            Face.changed(Face.id == face_id)
        Vote.delete().where(Vote.face == face_id).execute()
        again = fact(face_id=face_id, round=round + 1)
        Face.update(
            state=State.WAITING,
            round=round + 1,
            pending=again.id if has_message else None,
            **dict.fromkeys(OF_ONE_ROUND),
        ).where(Face.id == face_id).execute()
        return True


def past_round(face_id: str, round: int) -> PastRound | None:  # noqa: A002 - as above
    """A round of a face, where it is over."""
    past: PastRound | None = PastRound.get_or_none((PastRound.face == face_id) & (PastRound.round == round))
    return past


def rejected_together(face: Face) -> list[Face]:
    """The face, and those of its request that were set aside with it, as people's answers or their absence
    were about all of them.
    """
    if face.request_id is None or face.reason not in (*BY_PEOPLE, RejectionReason.UNANSWERED):
        return [face]
    alike = (Face.state == State.REJECTED) & (Face.reason == face.reason)
    return list(Face.select().where((Face.request == face.request_id) & alike).order_by(Face.number, Face.id))
