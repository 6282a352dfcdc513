"""The marks by which a person is recognised in all that is kept, so that it can be forgotten."""

from collections.abc import Iterable
from typing import Any

from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.models.forgettings import Forgetting, Marks
from tagbot.database.models.merged_people import MergedPeople
from tagbot.database.models.people import Person
from tagbot.database.models.vectors import TrainedVector
from tagbot.database.models.votes import Vote
from tagbot.lib.mentions import Mentions
from tagbot.lib.names import clean_email, clean_name, email_key, name_key


def ids_of(text: str) -> set[str]:
    """Ids of the people whom a name means, also of those who are named in votes alone; empty for none. Of
    merged ones it is that of the one that they are.
    """
    key = name_key(text)
    people = {person.id for person in Person.select() if key and name_key(person.name or "") == key}
    voted: Any = Vote.select(Vote.answer).where(Vote.name_key == key, Vote.answer.not_in(list(people)))
    ids = people | {answer for (answer,) in voted.distinct().tuples()} if key else people
    return set(MergedPeople.now().roots(ids))


def is_known(person: str) -> bool:
    """Whether an id, Slack's or ours, is that of a person, or of a member who answered or was named."""
    people = Person.select().where((Person.id == person) | (Person.slack_id == person))
    return bool(
        people.exists() or Vote.select().where((Vote.tagger == person) | (Vote.answer == person)).exists()
    )


def marks_of(person: str) -> Marks:
    """All by which a person is recognised, and those who were merged with them, from a Slack id or an id of
    ours.
    """
    those: Any = Person.select(Person.id).where((Person.id == person) | (Person.slack_id == person)).tuples()
    merged = MergedPeople.now()
    parts = {part for (each,) in those for part in merged.parts(each)}
    found: list[Person] = list(Person.select().where(Person.id << list(parts)))
    ids = {person, *(each.id for each in found), *(each.slack_id for each in found if each.slack_id)}
    slack_ids = {each for each in ids if len(each) < 36}
    votes: list[Vote] = list(Vote.select().where((Vote.answer << list(ids)) & Vote.name_key.is_null(False)))
    named: list[Any] = [*found, *votes]
    return Marks(
        slack_ids=tuple(sorted(slack_ids)),
        person_ids=tuple(sorted(ids - slack_ids)),
        names=tuple(sorted({each.name for each in named if each.name})),
        name_keys=tuple(sorted({name_key(each.name) for each in named if each.name})),
        emails=tuple(sorted({each.email for each in named if each.email})),
        vectors=tuple(sorted(_vectors_of(ids - slack_ids))),
    )


def marks_of_name(typed: str) -> Marks:
    """For a name that nobody has: it may stand in a message that waits."""
    return Marks(names=(clean_name(typed),), name_keys=(name_key(typed),))


def ids_being_forgotten() -> set[str]:
    """Slack's and ours, of people who are being forgotten just now."""
    each = (forgetting.marks for forgetting in Forgetting.unfinished())
    return {one for marks in each if marks is not None for one in marks.ids}


def is_being_forgotten(answer: str, name: str, email: str) -> bool:
    """Whether an answer names somebody who is being forgotten just now."""
    for forgetting in Forgetting.unfinished():
        marks = forgetting.marks
        if marks is not None and (answer in marks.ids or (name and means(marks, name, email))):
            return True
    return False


def names_of_others(marks: Marks) -> set[str]:
    """All names that people and votes have but the person's own."""
    names = {*_texts_of(Person.select(Person.name)), *_texts_of(Vote.select(Vote.name))}
    return {name for name in names if name_key(name) not in marks.name_keys}


def borne_by_others(marks: Marks) -> Marks:
    """Those that others have as well, by which nobody can be searched for: a name, an address, or the vector
    of the same picture.
    """
    names = [*_texts_of(Person.select(Person.name)), *_texts_of(Vote.select(Vote.name))]
    keys = [name_key(each) for each in names]
    emails = "\n".join(
        [*_texts_of(Person.select(Person.email)), *_texts_of(Vote.select(Vote.email))]
    ).casefold()
    vectors = [bytes.fromhex(each) for each in marks.vectors]
    same: list[Any] = [
        table.select(table.vector).where(table.vector << vectors) for table in (TrainedVector, FaceVector)
    ]
    return Marks(
        names=tuple(each for each in marks.names if name_key(each) in keys or _is_part(each, names)),
        name_keys=tuple(each for each in marks.name_keys if each in keys or _is_part(each, keys)),
        emails=tuple(each for each in marks.emails if each.casefold() in emails),
        vectors=tuple({bytes(each).hex() for query in same for (each,) in query.distinct().tuples()}),
    )


def _is_part(name: str, names: Iterable[str]) -> bool:
    part = Mentions((), (), [name])
    return any(part.are_in(each) for each in names)


def means(marks: Marks, name: str, email: str) -> bool:
    """Whether a typed name is theirs: not where another address came with it than they have."""
    known = {email_key(each) for each in marks.emails}
    typed = email_key(clean_email(email))
    return name_key(name) in marks.name_keys and (not known or not typed or typed in known)


def _vectors_of(person_ids: Iterable[str]) -> Iterable[str]:
    ids = list(person_ids)
    faces: Any = Face.select(Face.id).where(Face.person << ids)
    trained: Any = TrainedVector.select(TrainedVector.vector).where(
        (TrainedVector.person_ref << ids) | (TrainedVector.face_id << faces)
    )
    kept: Any = FaceVector.select(FaceVector.vector).where(FaceVector.face << faces)
    for rows in (trained, kept):
        for (vector,) in rows.tuples():
            yield bytes(vector).hex()


def _texts_of(query: Any) -> Iterable[str]:
    for row in query.distinct().tuples():
        yield from filter(None, row)
