"""The facts that are told of each tagged face: the lines of `export`, and of a person's own data."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from tagbot.consensus import Answer
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.votes import Vote
from tagbot.database.opening import streamed
from tagbot.vocabulary import State

TOLD = (
    Face.id, Face.left, Face.top, Face.width, Face.height, Face.tagged_at,
    Face.training_backend, Face.person_ref, Face.face_ref,
    Photo.sha256, Photo.source,
    Person.id, Person.slack_id, Person.name, Person.email,
)  # fmt: skip
"""The columns that a line needs: to make objects of all of them took a fifth of its time."""

AT_ONCE = 50
"""Faces whose votes are asked for in one go, and so how far is read ahead of the line that is written: with
more, no line became cheaper.
"""


def lines(person_id: str | None = None) -> Iterator[dict[str, Any]]:
    """The line of each tagged face, oldest first; of one person's alone, if one is given."""
    query = Face.select(*TOLD).join_from(Face, Person).join_from(Face, Photo)
    which = Face.state == State.TAGGED
    which = which if person_id is None else which & (Face.person == person_id)
    faces = streamed(query.where(which).order_by(Face.tagged_at, Face.id))
    while some := list(islice(faces, AT_ONCE)):
        votes = Vote.of_each([face.id for face in some])
        for face in some:
            yield line(face, votes[face.id])


def line(face: Face, votes: Sequence[Answer]) -> dict[str, Any]:
    """Its names and shapes are the contract's."""
    person, tagged_at = face.person, face.tagged_at
    if person is None or tagged_at is None:
        raise TypeError(
            f"the tagged face {face.id} has no person or no time"
        )  # the stages write them together
    in_model = {
        "backend": face.training_backend,
        "person_ref": face.person_ref,
        "face_ref": face.face_ref,
    }
    return {
        "face_id": face.id,
        "photo": face.photo.sha256,
        "source": face.photo.source,
        "rectangle": {"left": face.left, "top": face.top, "width": face.width, "height": face.height},
        "person": {"id": person.id, "slack_id": person.slack_id, "name": person.name, "email": person.email},
        "votes": [{"tagger": vote.tagger, "answer": vote.answer, "at": utc(vote.at)} for vote in votes],
        "training": None if face.face_ref is None else in_model,
        "tagged_at": utc(tagged_at),
    }


def utc(seconds: float) -> str:
    """A time in seconds since 1970 as text."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
