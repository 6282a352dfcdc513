"""Merging people into one, exactly undoing that, and renaming them; each in one transaction.

Nothing is lost by a merge: a person's row and votes stay as they are, and a face remembers whom it was given
to. As whose the model has it stands there as well, and `tagbot.training.merged_faces` has the model follow.
"""

from collections.abc import Collection
from enum import StrEnum
from typing import Any

from peewee import fn

from tagbot.database.models.consents import hold_the_stricter
from tagbot.database.models.faces import Face
from tagbot.database.models.marks import is_being_forgotten
from tagbot.database.models.merged_people import MergedPeople
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.lib.keyed_hash import KeyedHash
from tagbot.lib.names import clean_name, name_key
from tagbot.lib.unseen import can_be_seen
from tagbot.messages import FaceTagged
from tagbot.vocabulary import State

LONGEST_NAME = 200


class WhyUnchanged(StrEnum):
    """Why people stay as they are."""

    UNKNOWN = "unknown"
    """There is no such person, or not any more."""
    SAME = "same"
    """The two are one person already."""
    ALREADY_MERGED = "already merged"
    """The one that is to be merged is a part of somebody else."""
    INTO_MERGED = "into merged"
    """The one that is to have both is a part of somebody."""
    OPTED_OUT = "opted out"
    BEING_FORGOTTEN = "being forgotten"
    NOT_MERGED = "not merged"
    NO_NAME = "no name"
    """Nothing can be seen in it."""
    NAME_TOO_LONG = "name too long"


class PeopleUnchanged(Exception):  # noqa: N818 - an answer, which the caller has words for
    """Nothing was changed."""

    def __init__(self, why: WhyUnchanged) -> None:
        super().__init__(why)
        self.why = why


def merge(source: str, target: str, key: KeyedHash, now: float) -> list[FaceTagged]:
    """Make a person a part of another, by our ids: faces and votes are the other's from now on. `key` is that
    of people who opted out.

    The messages are for the caller to publish: about open faces on which people may agree by this. Raises
    `PeopleUnchanged`.
    """
    with writing():
        merged = MergedPeople.now()
        part, whole = _known(source), _known(target)
        if merged.root(part.id) == merged.root(whole.id):
            raise PeopleUnchanged(WhyUnchanged.SAME)
        if part.merged_into is not None:
            raise PeopleUnchanged(WhyUnchanged.ALREADY_MERGED)
        if whole.merged_into is not None:
            raise PeopleUnchanged(WhyUnchanged.INTO_MERGED)
        _refuse_if_leaving(merged.within(part.id) | merged.within(whole.id), key)
        Person.update(merged_into=whole.id, merged_at=now).where(Person.id == part.id).execute()
        faces = Face.person == part.id
        Face.changed(faces)
        given_to = fn.COALESCE(Face.given_to, part.id)
        Face.update(given_to=given_to, person=whole.id).where(faces).execute()
        hold_the_stricter(whole.id)
        return [
            FaceTagged(face_id=face.id, round=face.round, cause=f"merged:{now:.6f}")
            for face in _show_anew(whole.id)
        ]


def unmerge(source: str) -> None:
    """Undo the merge of a person who is a part of another: the faces that came with them go back, and those
    that were given to the other since stay. Raises `PeopleUnchanged`.
    """
    with writing():
        merged, part = MergedPeople.now(), _known(source)
        if part.merged_into is None:
            raise PeopleUnchanged(WhyUnchanged.NOT_MERGED)
        whole = merged.root(part.id)
        _refuse_if_leaving(merged.within(whole), None)
        Person.update(merged_into=None, merged_at=None).where(Person.id == part.id).execute()
        faces = (Face.person == whole) & (Face.given_to << list(merged.within(part.id)))
        Face.changed(faces)
        Face.update(person=part.id).where(faces).execute()
        Face.update(given_to=None).where((Face.person == part.id) & (Face.given_to == part.id)).execute()
        for person_id in (whole, part.id):
            hold_the_stricter(person_id)
            _show_anew(person_id)


def rename(person: str, name: str, now: float) -> str:
    """Give a person a name, which nothing changes from then on but another such; the name as it is kept. Of a
    merged one, it is the name of the one that they are a part of. Raises `PeopleUnchanged`.
    """
    kept = clean_name(name)
    if not can_be_seen(kept):
        raise PeopleUnchanged(WhyUnchanged.NO_NAME)
    if len(kept) > LONGEST_NAME:
        raise PeopleUnchanged(WhyUnchanged.NAME_TOO_LONG)
    with writing():
        one = _known(person).root()
        _refuse_if_leaving({one.id}, None)
        recognised_by = name_key(kept) if one.slack_id is None else None
        Person.update(name=kept, name_key=recognised_by, renamed_at=now).where(Person.id == one.id).execute()
        Face.changed(Face.person == one.id)
        _show_anew(one.id)
    return kept


def merged_into(person: str) -> list[Person]:
    """All who are a part of a person, also by way of others; the latest first."""
    parts = MergedPeople.now().within(person) - {person}
    return list(Person.select().where(Person.id << list(parts)).order_by(Person.merged_at.desc(), Person.id))


def _known(person_id: str) -> Person:
    person: Person | None = Person.get_or_none(Person.id == person_id)
    if person is None:
        raise PeopleUnchanged(WhyUnchanged.UNKNOWN)
    return person


def _refuse_if_leaving(people: Collection[str], key: KeyedHash | None) -> None:
    """Where one of these is being forgotten, or has opted out by that key."""
    for person in Person.select().where(Person.id << list(people)):
        names = [person.id, *filter(None, [person.slack_id])]
        if any(is_being_forgotten(each, "", "") for each in names):
            raise PeopleUnchanged(WhyUnchanged.BEING_FORGOTTEN)
        if key is not None and person.slack_id is not None and OptOut.has(person.slack_id, key):
            raise PeopleUnchanged(WhyUnchanged.OPTED_OUT)


def _show_anew(person_id: str) -> list[Face]:
    """Have open requests shown anew that offer a person or one who is a part of them, or in which somebody
    answered so; the faces that these answers are about.
    """
    parts = list(MergedPeople.now().within(person_id))
    accounts: Any = Person.select(Person.slack_id).where(Person.id << parts, Person.slack_id.is_null(False))
    answers = [*parts, *(slack_id for (slack_id,) in accounts.tuples())]
    named = (Vote.face == Face.id) & (Vote.answer << answers)
    is_open = Face.state == State.OPEN
    faces = list(Face.select().where(is_open & fn.EXISTS(Vote.select().where(named))).order_by(Face.id))
    Face.changed(Face.id << [face.id for face in faces])
    asked = Request.id << Face.select(Face.request).where(is_open & Face.request.is_null(False))
    for part in parts:
        Request.changed(asked & Request.line_up.contains(part))
    return faces
