"""Faces, and how one moves from state to state.

A face's state moves by `Face.move` alone (and by `rounds.ask_again` and `places.note_posted`), which changes
a row only while it still is in the state and round that the caller saw.
"""

from collections.abc import Iterable
from typing import Any, Self

from peewee import JOIN, CharField, Check, DoubleField, ForeignKeyField, IntegerField, TextField, fn

from tagbot.database.models.base import Table, execute
from tagbot.database.models.bookkeeping import Tally
from tagbot.database.models.merged_people import MergedPeople
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.requests import Request
from tagbot.database.write_lock import writing
from tagbot.vocabulary import State

# Written out: SQLite uses an index of some rows alone where it sees which ones are meant.
MOVING = "SELECT id FROM face WHERE person_ref <> person_id"
DISPLACED = "SELECT id FROM face WHERE displaced_by <> person_id"
HANDED = "SELECT id FROM face WHERE handed_to IS NOT NULL"


class Face(Table):
    """One face in one photo, and where it is on its way."""

    id = CharField(36, primary_key=True)
    photo = ForeignKeyField(Photo, backref="faces")
    photo_id: str
    left = IntegerField()
    top = IntegerField()
    width = IntegerField()
    height = IntegerField()
    stored_at = DoubleField()

    state = CharField(
        16,
        default=State.WAITING,
        constraints=[Check("state IN ('waiting','open','training','tagged','rejected')")],
    )
    reason = TextField(null=True)
    """Why it was rejected; or, of a tagged face, why it was not sent to the model."""
    round = IntegerField(default=1)
    """Which asking this is; answers count only in the round whose message they were clicked in."""

    pending = TextField(null=True)
    """Id of the message that is to ask for it, while one is under way; null for a face that waits in the
    database.
    """
    crop_file = CharField(32, null=True)
    """Slack's id of the uploaded picture, which serves all rounds; noted before Slack makes a file of it."""
    context_file = CharField(32, null=True)

    person = ForeignKeyField(Person, null=True, backref="faces")
    """The person that people agreed on, from state `training` on; or the one whom they were merged into."""
    person_id: str | None
    claimed_by = TextField(null=True)
    """Id of the message that carries this face through training."""
    training_backend = TextField(null=True)
    """Where the face is in the model; null where it was not sent, as are the next two."""
    person_ref = TextField(null=True)
    """As whose it is there: another than `person` until a merge, or its undoing, was followed there."""
    face_ref = TextField(null=True)
    closed_at = DoubleField(null=True)
    """When people's answers, or their absence, closed it."""
    tagged_at = DoubleField(null=True)
    request = ForeignKeyField(Request, null=True, backref="faces")
    """The request that it is asked in; null for one that waits for a place, or was never asked about."""
    request_id: str | None
    sharpness = DoubleField(null=True)
    """As `tagbot.recognition.sharpness` measures it; null where that is not known."""
    number = IntegerField(null=True)
    """In that request, also after others have left it: the first face has the lowest."""

    pictures_gone_at = DoubleField(null=True)
    """When its pictures went, as they are not kept for ever; the crop of a tagged face stays."""
    given_to = TextField(null=True)
    """The id of the one that people agreed on, where that one was merged into `person` since."""
    displaced_by = TextField(null=True)
    """The id of the person who had enough faces in the model already when this one became theirs by a merge:
    it left, and comes back when that is undone. Null for the others.
    """
    handed_to = TextField(null=True)
    """The intent to have the model take it for this person's, whose id it is: set before the call, and null
    again once its outcome is noted.
    """

    class Meta:
        indexes = (
            (("state", "stored_at", "id"), False),
            (("state", "tagged_at", "id"), False),
            (("person", "state", "tagged_at"), False),
        )

    @property
    def has_surroundings(self) -> bool:
        """Whether its context picture is kept still."""
        return self.pictures_gone_at is None

    @property
    def has_crop(self) -> bool:
        """Whether its own picture is kept still, without which it cannot be asked about again."""
        gone_at = self.pictures_gone_at
        return self.state != State.REJECTED or gone_at is None or gone_at < (self.closed_at or 0.0)

    @classmethod
    def keeps_pictures(cls) -> Any:
        """The condition that its pictures did not go since it was closed, if it is: of one that was reopened,
        those that were left are kept as long once more.
        """
        closed = cls.state << (State.TAGGED, State.REJECTED)
        return cls.pictures_gone_at.is_null() | ~closed | (cls.pictures_gone_at < cls.closed_at)

    def is_displaced(self, merged: MergedPeople) -> bool:
        """Whether the person who had enough faces in the model is the one whose this is still."""
        return self.displaced_by is not None and merged.root(self.displaced_by) == self.person_id

    @classmethod
    def in_round(cls, face_id: str, round: int) -> Self | None:  # noqa: A002 - the glossary's word
        """The face that a message is about; None where it is asked about in another round by now."""
        return cls.get_or_none((cls.id == face_id) & (cls.round == round))

    @classmethod
    def of_request(cls, request_id: str) -> list[Self]:
        """The faces that a request asks about with their people, in the order in which it shows them."""
        query = cls.select(cls, Person).join(Person, JOIN.LEFT_OUTER).where(cls.request == request_id)
        return list(query.order_by(cls.number, cls.id))

    @classmethod
    def waits_in(cls, face_id: str, round: int) -> Any:  # noqa: A002 - as above
        """The condition that it is this face, and waits to be asked about in this round."""
        return (cls.id == face_id) & (cls.round == round) & (cls.state == State.WAITING)

    @classmethod
    def move(cls, face_id: str, round: int, old: str, new: str, **changes: Any) -> bool:  # noqa: A002 - as above
        """Compare and set the state; whether this call was the one that moved it."""
        where = (cls.id == face_id) & (cls.round == round) & (cls.state == old)
        moved: int = cls.update(state=new, **changes).where(where).execute()
        if moved:
            cls.changed(cls.id == face_id)
        return moved == 1

    @classmethod
    def note(cls, face_id: str, **changes: Any) -> None:
        """Change what does not show in Slack."""
        with writing():
            cls.update(**changes).where(cls.id == face_id).execute()

    @classmethod
    def changed(cls, where: Any) -> None:
        """Have the requests of faces shown anew."""
        Request.changed(Request.id << cls.select(cls.request).where(where & cls.request.is_null(False)))

    @classmethod
    def posted_before(cls, time: float) -> list[Self]:
        """Faces that are open since before then, with their requests."""
        where = (cls.state == State.OPEN) & (Request.posted_at < time)
        return list(cls.select(cls, Request).join(Request).where(where))

    @classmethod
    def in_training_since(cls, time: float, limit: int) -> list[Self]:
        """Faces that have been in training since before then, the oldest first."""
        where = (cls.state == State.TRAINING) & (cls.closed_at < time)
        return list(cls.select().where(where).order_by(cls.closed_at).limit(limit))

    @classmethod
    def counts(cls) -> dict[str, int]:
        """How many are in each state."""
        rows: Any = Tally.select(Tally.what, Tally.count).where(Tally.what << tuple(State)).tuples()
        return dict.fromkeys(map(str, State), 0) | dict(rows)

    @classmethod
    def learned_of(cls, person: Person) -> int:
        """How many faces of a person are in the model."""
        of_person = (cls.person == person) & (cls.state == State.TAGGED) & cls.face_ref.is_null(False)
        return cls.select().where(of_person).count()

    @classmethod
    def is_learned_as(cls, face_id: str, face_ref: str) -> bool:
        """Whether a face is noted to be in the model as what the backend calls so."""
        there = (cls.state == State.TAGGED) & (cls.face_ref == face_ref)
        return bool(cls.select().where((cls.id == face_id) & there).exists())

    def in_model_as(self, person_id: str) -> int:
        """How many other faces the model has as a person's, or is about to have."""
        there = (Face.person_ref == person_id) & (Face.state == State.TAGGED) & Face.face_ref.is_null(False)
        going = (Face.person == person_id) & (Face.state == State.TRAINING) & Face.reason.is_null()
        return Face.select().where((Face.id != self.id) & (there | going)).count()

    def in_model_of(self, person: Person) -> int:
        """How many other faces of a person are in the model or on their way there."""
        sent = (Face.state == State.TAGGED) & Face.face_ref.is_null(False)
        going = (Face.state == State.TRAINING) & Face.reason.is_null()
        return Face.select().where((Face.person == person) & (Face.id != self.id) & (sent | going)).count()


def store_photo(photo: dict[str, Any], faces: Iterable[dict[str, Any]]) -> None:
    """Store a photo with its faces, all or nothing."""
    with writing():
        Photo.insert(photo).execute()
        for face in faces:
            Face.insert(face).execute()


def unknown_people(tagged_before: float, limit: int) -> list[Person]:
    """People in faces tagged before then who have a Slack account whose profile was not read yet."""
    tagged = (Face.person == Person.id) & (Face.state == State.TAGGED) & (Face.tagged_at < tagged_before)
    account = Person.enriched_at.is_null() & Person.slack_id.is_null(False)
    return list(Person.select().where(account & fn.EXISTS(Face.select().where(tagged))).limit(limit))


def moving(backend: str) -> list[Face]:
    """Faces that this backend's model has as somebody's who was merged since, or parted again, or that were
    being handed over; the oldest first.
    """
    faces = _tagged(MOVING, HANDED)
    in_model = (each for each in faces if each.face_ref is not None and each.training_backend == backend)
    return sorted(in_model, key=_age)


def coming_back() -> list[Face]:
    """Faces that left the model in favour of a person whose they are no more, as a merge was undone; or that
    were coming back.
    """
    merged = MergedPeople.now()
    faces = _tagged(DISPLACED, HANDED)
    out = (each for each in faces if each.face_ref is None and each.displaced_by is not None)
    return sorted((each for each in out if each.handed_to or not each.is_displaced(merged)), key=_age)


def _tagged(*queries: str) -> list[Face]:
    ids = [face_id for query in queries for (face_id,) in execute(query)]
    return list(Face.select().where((Face.id << ids) & (Face.state == State.TAGGED))) if ids else []


def _age(face: Face) -> tuple[float, str]:
    return face.tagged_at or 0.0, face.id


def unseen_people(before: float) -> list[str]:
    """Ids of people who are in no photo that came since then, and were not named since then either. A merged
    one is seen where the other is.
    """
    seen = Face.select().where((Face.person == Person.id) & (Face.stored_at >= before))
    unseen = (Person.added_at < before) & Person.merged_into.is_null() & ~fn.EXISTS(seen)
    return [person.id for person in Person.select(Person.id).where(unseen)]


def known_accounts() -> list[str]:
    """Slack ids of all people who have an account; of merged ones that of the one they are."""
    with_account = Person.slack_id.is_null(False) & Person.merged_into.is_null()
    rows: Any = Person.select(Person.slack_id).where(with_account).tuples()
    return [slack_id for (slack_id,) in rows]
