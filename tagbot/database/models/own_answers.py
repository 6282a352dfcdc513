"""The questions to one member, and their answers, as their Home shows it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from peewee import JOIN

from tagbot.database.models.base import execute
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.vocabulary import State

CLOSED = (State.TRAINING, State.TAGGED)
"""Once one face of a request is in such a state, the others take no more answers either."""

STAMP = """
    SELECT what, count FROM tally UNION ALL SELECT what, count FROM effort
    UNION ALL SELECT 'rounds', COUNT(*) FROM past_round
    UNION ALL SELECT 'revisions', COALESCE(SUM(revision), 0) FROM request
        WHERE id IN (SELECT request_id FROM face WHERE state = 'open')
    UNION ALL SELECT 'statements', COUNT(*) FROM consent_statement
    UNION ALL SELECT 'questions', COUNT(*) FROM consent_question
    UNION ALL SELECT 'opt-outs', COUNT(*) FROM opt_out
    UNION ALL SELECT 'forgotten', COUNT(*) + COUNT(finished_at) FROM forgetting
    UNION ALL SELECT 'merged', COUNT(*) FROM person WHERE merged_into IS NOT NULL
    UNION ALL SELECT 'renamed', CAST(COALESCE(MAX(renamed_at), 0) * 1000000 AS BIGINT)
        FROM person WHERE renamed_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class AskedNow:
    """A request that takes answers, with the faces that are in it."""

    request: Request
    faces: Sequence[Face]


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """An answer of a member about all faces of one request."""

    vote: Vote
    """On one of them."""
    request: Request
    faces: Sequence[Face]
    """All that the request is about by now."""
    person_name: str | None
    """Of a person who was chosen by their id."""


def taking_answers(channel: str) -> list[AskedNow]:
    """The requests in a channel that take answers, the oldest first."""
    is_open = Face.select(Face.request).where((Face.state == State.OPEN) & Face.request.is_null(False))
    posted = Request.message_ts.is_null(False) & (Request.channel.is_null() | (Request.channel == channel))
    found = Request.select().where((Request.id << is_open) & posted).order_by(Request.posted_at, Request.id)
    by_request: dict[str | None, list[Face]] = {}
    with_open = Face.select().where(Face.request << is_open).order_by(Face.number, Face.id)
    for face in with_open:
        by_request.setdefault(face.request_id, []).append(face)
    each = (AskedNow(request, by_request.get(request.id, ())) for request in found)
    return [asked for asked in each if takes_answers(asked.faces)]


def asked_until_now(requests: Sequence[str]) -> dict[str, AskedNow]:
    """Those of these requests that are about faces still, in whatever states these are; by id."""
    if not requests:
        return {}
    faces: dict[str | None, list[Face]] = {}
    for face in Face.select().where(Face.request << list(requests)).order_by(Face.number, Face.id):
        faces.setdefault(face.request_id, []).append(face)
    found = Request.select().where(Request.id << list(faces))
    return {request.id: AskedNow(request, faces[request.id]) for request in found}


def takes_answers(faces: Iterable[Face]) -> bool:
    """Whether a request about these faces does."""
    states = {face.state for face in faces}
    return State.OPEN in states and states.isdisjoint(CLOSED)


def answered_by(member: str, faces: Sequence[str]) -> set[str]:
    """Those of these faces that a member has answered about."""
    rows: Any = Vote.select(Vote.face).where((Vote.face << list(faces)) & (Vote.tagger == member)).tuples()
    return {face_id for (face_id,) in rows}


def last_answers(member: str, most: int, largest_group: int) -> list[OwnAnswer]:
    """The last answers of a member, the newest first; one answer may be about a group of faces."""
    query = Vote.select(Vote, Face).join(Face).where((Vote.tagger == member) & Face.request.is_null(False))
    latest: dict[str, Vote] = {}
    for vote in query.order_by(Vote.at.desc()).limit(most * largest_group):
        latest.setdefault(str(vote.face.request_id), vote)
    found = list(latest.items())[:most]
    if not found:
        return []
    named = Person.select().where(Person.id << [vote.answer for _, vote in found])
    names = {person.id: person.root().name for person in named}
    beside = Face.select(Face, Person).join(Person, JOIN.LEFT_OUTER)
    faces: dict[str, list[Face]] = {}
    for face in beside.where(Face.request << [each for each, _ in found]).order_by(Face.number, Face.id):
        faces.setdefault(str(face.request_id), []).append(face)
    requests = {each.id: each for each in Request.select().where(Request.id << list(faces))}
    return [OwnAnswer(vote, requests[each], faces[each], names.get(vote.answer)) for each, vote in found]


def stamp() -> tuple[tuple[str, int], ...]:
    """Another one whenever something happened that a Home shows: cheap to ask for, and compared with the one
    before.
    """
    return tuple((what, count) for what, count in execute(STAMP).fetchall())
