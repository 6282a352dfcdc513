"""People without a Slack account: who is meant by a typed name, and what people's agreement writes of them.

Until people agree, a name and an email address stand in the votes alone. What a tagger typed once never
changes a person whom others agreed on.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tagbot.consensus import Agreed
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.votes import Vote, answers_of_merged
from tagbot.lib.names import Typed, email_key, only_email, spelling


@dataclass(slots=True)
class _Candidate:
    """A person, or an id that votes with the same name have and no person yet."""

    id: str
    since: float
    is_person: bool = False
    is_here: bool = False
    """Whether an answer about the same face means them."""
    emails: set[str] = field(default_factory=set)


def person_meant(name_key: str, email_key: str, face_id: str) -> str:
    """The id of the person that is meant by a name and an address in an answer about a face.

    Where nobody has agreed on such a person yet, the id that other such votes have, or a new one: the person
    gets it when people agree.
    """
    fitting = [each for each in _candidates(name_key, face_id) if not email_key or each.emails <= {email_key}]
    if not fitting:
        return str(uuid.uuid4())

    def rank(each: _Candidate) -> tuple[object, ...]:
        return not each.is_person, email_key not in each.emails, not each.is_here, each.since, each.id

    return min(fitting, key=rank).id


def agreed_person(face_id: str, agreed: Agreed, now: float) -> Person:
    """The person whom people agree on, made when new; with the name that most of them use, and their address
    where none of them gave another.
    """
    first, *_ = agreed.answers
    _note_whom_they_mean(face_id, agreed)
    if not first.name_key:
        return Person.answered(agreed.answer, now)
    address = next((each.email_key for each in agreed.answers if each.email_key), "")
    person_id = person_meant(first.name_key, address, face_id)
    those = (Vote.face == face_id) & (Vote.tagger << [each.tagger for each in agreed.answers])
    Vote.update(answer=person_id).where(those).execute()
    person = Person.get_or_none(Person.id == person_id)
    typed = list(_typed(person_id, face_id, person))
    name, email = spelling(typed), only_email(typed)
    if person is None:
        return Person.with_name(name, email, now, person_id)
    if person.email is None and email is not None:
        _part_from_others(person, email)
    name = name if person.renamed_at is None else person.name
    Person.update(name=name, email=person.email or email).where(Person.id == person_id).execute()
    return person


def _note_whom_they_mean(face_id: str, agreed: Agreed) -> None:
    """Votes that agree and name merged people name the one that they are a part of: they gave the face to
    that one, also when the merge is undone.
    """
    for merged in answers_of_merged():
        these = (Vote.face == face_id) & (Vote.answer == merged)
        for each in agreed.answers:
            Vote.update(answer=each.answer).where(these & (Vote.tagger == each.tagger)).execute()


def _candidates(name_key: str, face_id: str) -> list[_Candidate]:
    found = {
        each.id: _Candidate(each.id, each.added_at, is_person=True, emails={email_key(each.email)} - {""})
        for each in Person.select().where(Person.name_key == name_key)
    }
    people = list(found)
    # Of people who have another name since, and other faces, this one is not theirs any more.
    unknown = Vote.answer.not_in(Person.select(Person.id))
    same_name = (Vote.name_key == name_key) & ((Vote.face == face_id) | unknown)
    chosen_here = (Vote.face == face_id) & (Vote.answer << people)
    columns = (Vote.answer, Vote.at, Vote.email, Vote.face)
    rows: Any = Vote.select(*columns).where(same_name | chosen_here).tuples()
    for answer, at, email, face in rows:
        each = found.setdefault(answer, _Candidate(answer, at))
        each.is_here |= face == face_id
        if not each.is_person:
            each.since = min(each.since, at)
            each.emails |= {email_key(email)} - {""}
    return list(found.values())


def _typed(person_id: str, face_id: str, person: Person | None) -> Iterator[Typed]:
    """What those who agree on the person typed, on this face and on others, oldest first. One who chose the
    person by their id, or by a name that they had before, uses the spelling that there is.
    """
    agreed = (Vote.face == face_id) | (Face.person == person_id)
    query = Vote.select().join(Face).where((Vote.answer == person_id) & agreed).order_by(Vote.at, Vote.tagger)
    for vote in query:
        is_this_name = person is None or vote.name_key == person.name_key
        name = vote.name if is_this_name else person and person.name
        if name:
            yield Typed(vote.tagger, name, vote.email if is_this_name else None)


def _part_from_others(person: Person, email: str) -> None:
    """Give votes an id of their own that meant a person without an address and came with another one than
    the person gets now.
    """
    meant = (Vote.name_key == person.name_key) & (Vote.answer == person.id) & Vote.email.is_null(False)
    rows: Any = Vote.select(Vote.email).where(meant).distinct().tuples()
    others: dict[str, str] = {}
    for (other,) in rows:
        if email_key(other) != email_key(email):
            answer = others.setdefault(email_key(other), str(uuid.uuid4()))
            Vote.update(answer=answer).where(meant & (Vote.email == other)).execute()
