"""Votes: each tagger's latest answer about each face."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from peewee import JOIN, CharField, CompositeKey, DoubleField, ForeignKeyField, IntegerField, TextField

from tagbot.consensus import Answer
from tagbot.database.models.base import Table, WrittenText, database, execute, storable
from tagbot.database.models.faces import Face
from tagbot.database.models.merged_people import MergedPeople
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
        """The votes on each of these faces, oldest first. One that names a merged person counts for the one
        that they are a part of.
        """
        votes = cls.as_given(face_ids)
        if meant := answers_of_merged():
            for face_id, given in votes.items():
                votes[face_id] = [
                    replace(each, **meant[each.answer]) if each.answer in meant else each for each in given
                ]
        return votes

    @classmethod
    def as_given(cls, face_ids: Sequence[str]) -> dict[str, list[Answer]]:
        """The votes on each of these faces, oldest first, whoever was merged since."""
        votes: dict[str, list[Answer]] = {face_id: [] for face_id in face_ids}
        columns = (cls.face, cls.tagger, cls.answer, cls.at, cls.name_key, cls.email)
        of_person = (Person.name_key, Person.email)
        query = cls.select(*columns, *of_person).join(Person, JOIN.LEFT_OUTER, on=Person.id == cls.answer)
        # The cursor's own rows: Peewee takes three times as long to look whether any value is to be changed.
        rows: Any = database.execute(query.where(cls.face << face_ids).order_by(cls.at, cls.tagger))
        for face_id, tagger, answer, at, typed, email, known, address in rows:
            # A person that was chosen by their id has a name and an address all the same, and one that was
            # renamed since goes by the new name.
            key, given = known or typed or "", email if typed else email or address
            votes[face_id].append(Answer(tagger, answer, at, key, email_key(given) if key else ""))
        return votes


def answers_of_merged() -> dict[str, dict[str, Any]]:
    """What an answer that names a merged person means: by the answer, the fields of an `Answer`."""
    merged = MergedPeople.now()
    if not merged.into:
        return {}
    roots = {person.id: person for person in Person.select().where(Person.id << merged.roots(merged.into))}
    meant: dict[str, dict[str, Any]] = {}
    for name, person_id in [*zip(merged.into, merged.into, strict=True), *merged.accounts.items()]:
        root = roots[merged.root(person_id)]
        key = root.name_key or ""
        meant[name] = {
            "answer": root.as_answer,
            "name_key": key,
            "email_key": email_key(root.email) if key else "",
        }
    return meant
