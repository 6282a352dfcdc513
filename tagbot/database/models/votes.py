"""Votes: each tagger's latest answer about each face."""

from collections.abc import Sequence
from typing import Any

from peewee import JOIN, CharField, CompositeKey, DoubleField, ForeignKeyField, IntegerField, TextField, fn

from tagbot.consensus import Answer
from tagbot.database.models.base import Table, WrittenText, database, execute, storable
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.lib.names import email_key, name_key


class Vote(Table):
    """The latest answer of one tagger about one face."""

    face = ForeignKeyField(Face, backref="votes", index=False)  # the primary key begins with it
    tagger = CharField(32)
    answer = TextField()
    """As in `AnswerGiven`; where a name was typed, the id of the person of that name, which is there once
    people agree.
    """
    round = IntegerField()
    at = DoubleField()
    name = WrittenText(null=True)
    """As this tagger typed it, of a person without a Slack account; null for other answers."""
    email = WrittenText(null=True)
    """As this tagger typed it; null for none."""
    name_key = WrittenText(null=True, index=True)
    """The same for all spellings of the name."""

    class Meta:
        primary_key = CompositeKey("face", "tagger")
        indexes = ((("tagger", "at"), False),)

    @classmethod
    def put(
        cls,
        *,
        face_id: str,
        tagger: str,
        answer: str,
        round: int,  # noqa: A002 - the glossary's word
        at: float,
        name: str = "",
        email: str = "",
    ) -> bool:
        """Store an answer in place of an older one of the same tagger; whether that was done. A newer one
        stays, and so does the same.
        """
        stored = execute(
            "INSERT INTO vote (face_id, tagger, answer, round, at, name, email, name_key)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (face_id, tagger) DO UPDATE"
            " SET answer = excluded.answer, round = excluded.round, at = excluded.at,"
            " name = excluded.name, email = excluded.email, name_key = excluded.name_key"
            " WHERE vote.at < excluded.at",
            face_id, tagger, answer, round, at,
            *(storable(each) if each else None for each in (name, email)), name_key(name) if name else None,
        )  # fmt: skip
        return bool(stored.rowcount)

    @classmethod
    def of(cls, face_id: str) -> list[Answer]:
        """The votes on a face, oldest first."""
        return cls.of_each([face_id])[face_id]

    @classmethod
    def of_each(cls, face_ids: Sequence[str]) -> dict[str, list[Answer]]:
        """The votes on each of these faces, oldest first."""
        votes: dict[str, list[Answer]] = {face_id: [] for face_id in face_ids}
        # A person that was chosen by their id has a name and an address all the same.
        chosen = (Person.id == cls.answer) & cls.name_key.is_null()
        columns = (cls.face, cls.tagger, cls.answer, cls.at, fn.COALESCE(cls.name_key, Person.name_key, ""))
        email_given = fn.COALESCE(cls.email, Person.email, "")
        query = cls.select(*columns, email_given).join(Person, JOIN.LEFT_OUTER, on=chosen)
        # The cursor's own rows: Peewee takes three times as long to look whether any value is to be changed.
        rows: Any = database.execute(query.where(cls.face << face_ids).order_by(cls.at, cls.tagger))
        for face_id, tagger, answer, at, key, email in rows:
            votes[face_id].append(Answer(tagger, answer, at, key, email_key(email) if key else ""))
        return votes
