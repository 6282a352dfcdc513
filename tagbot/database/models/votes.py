"""Votes: each tagger's latest answer about each face."""

from collections.abc import Sequence
from typing import Any

from peewee import CharField, CompositeKey, DoubleField, ForeignKeyField, IntegerField, TextField

from tagbot.consensus import Answer
from tagbot.database.models.base import Table, execute
from tagbot.database.models.faces import Face


class Vote(Table):
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
    def put(cls, *, face_id: str, tagger: str, answer: str, round: int, at: float) -> None:  # noqa: A002 - the glossary's word
        """Store an answer in place of an older one of the same tagger; a newer one stays. Again is the
        same.
        """
        execute(
            "INSERT INTO vote (face_id, tagger, answer, round, at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (face_id, tagger) DO UPDATE"
            " SET answer = excluded.answer, round = excluded.round, at = excluded.at"
            " WHERE vote.at <= excluded.at",
            face_id, tagger, answer, round, at,
        )  # fmt: skip

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
