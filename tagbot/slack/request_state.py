"""A request, as the database has it."""

from collections.abc import Sequence

from peewee import JOIN

from tagbot.consensus import PeopleDiffer, Rule, consensus
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.models.rounds import PastRound
from tagbot.database.models.votes import Vote
from tagbot.slack.request_message import (
    PersonShown,
    Rendered,
    RequestShown,
    past_request_message,
    request_message,
)

ORDER = (Face.stored_at, Face.id)


def faces_of(request: Request) -> list[Face]:
    """The faces that a request asks about, in the order in which it shows them."""
    asked = Face.request == request.id
    return list(Face.select(Face, Person).join(Person, JOIN.LEFT_OUTER).where(asked).order_by(*ORDER))


def request_as_it_is(request: Request, faces: Sequence[Face], rule: Rule, ours: str) -> Rendered:
    """The message that the rows of the request, and of its faces, amount to. The channel that tags is
    `ours`.
    """
    if not faces:
        past = PastRound.get(PastRound.request == request.id)
        is_elsewhere = request.channel not in (None, ours)
        return past_request_message(past.face_id, past.reopened_by, is_elsewhere=is_elsewhere)
    [face] = faces
    votes = Vote.of(face.id)
    are_there = not pictures_are_on_their_way(request)
    person = face.person
    return request_message(
        RequestShown(
            face_id=face.id,
            round=face.round,
            state=face.state,
            crop_file=face.crop_file if are_there else None,
            context_file=face.context_file if are_there else None,
            required_votes=rule.required_votes,
            taggers=[vote.tagger for vote in votes],
            differ=isinstance(consensus(votes, rule), PeopleDiffer),
            person=PersonShown(person.slack_id, person.name) if person else None,
            reason=face.reason,
        )
    )


def pictures_are_on_their_way(request: Request) -> bool:
    """Whether the request was posted without its pictures, and they are being shared into its thread."""
    return request.message_ts is not None and request.posting_since is not None
