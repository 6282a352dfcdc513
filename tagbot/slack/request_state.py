"""A request, as the database has it."""

from collections.abc import Sequence

from tagbot.consensus import PeopleDiffer, Rule, consensus
from tagbot.database.models.faces import Face
from tagbot.database.models.merged_people import MergedPeople
from tagbot.database.models.people_search import people_of
from tagbot.database.models.requests import Request
from tagbot.database.models.rounds import PastRound
from tagbot.database.models.votes import Vote
from tagbot.lib.names import name_key
from tagbot.slack import words
from tagbot.slack.blocks import Offered, PersonShown, Rendered
from tagbot.slack.group_message import FaceShown, GroupShown, group_message
from tagbot.slack.request_id import RequestId
from tagbot.slack.request_message import (
    RequestShown,
    forgotten_message,
    past_request_message,
    request_message,
)
from tagbot.slack.told_apart import told_apart
from tagbot.vocabulary import LEAST_OFFERED, MACHINE, State


def request_as_it_is(request: Request, faces: Sequence[Face], rule: Rule, ours: str) -> Rendered:
    """The message that the rows of the request, and of its faces, amount to. The channel that tags is
    `ours`.
    """
    past = PastRound.select().where(PastRound.request == request.id).order_by(PastRound.face)
    rounds = list(past) if request.message_ts else []
    if not faces and request.forgotten:
        return forgotten_message()
    if not faces:
        return _without_faces(request, rounds, is_elsewhere=request.channel not in (None, ours))
    votes = Vote.of_each([face.id for face in faces])
    voters = [vote.tagger for vote in max(votes.values(), key=len)]
    taggers = [tagger for tagger in voters if tagger != MACHINE]
    # Not yet while the backend learns it: before a face is tagged, nothing says what the machine thinks.
    machine_agreed = any(
        vote.tagger == MACHINE for face in faces if face.state == State.TAGGED for vote in votes[face.id]
    )
    offered = _offered(request)
    differ = any(isinstance(consensus(each, rule), PeopleDiffer) for each in votes.values())
    are_there = not pictures_are_on_their_way(request)
    if len(faces) > 1:
        return group_message(
            GroupShown(
                faces=[_face_shown(face) for face in faces],
                grid_file=request.grid_file if are_there else None,
                required_votes=rule.required_votes,
                taggers=taggers,
                differ=differ,
                machine_agreed=machine_agreed,
                offered=offered,
                left=_left(request, rounds),
            )
        )
    [face] = faces
    return request_message(
        RequestShown(
            face_id=face.id,
            round=face.round,
            state=face.state,
            crop_file=face.crop_file if are_there else None,
            context_file=face.context_file if are_there else None,
            required_votes=rule.required_votes,
            taggers=taggers,
            differ=differ,
            machine_agreed=machine_agreed,
            offered=offered,
            person=_person_shown(face),
            reason=face.reason,
            left=_left(request, rounds),
        )
    )


def _without_faces(request: Request, rounds: Sequence[PastRound], *, is_elsewhere: bool) -> Rendered:
    """All are asked about again, in messages of their own."""
    reopened = [past for past in rounds if not past.struck_out] or rounds
    first, by = reopened[0], [past.reopened_by for past in reopened]
    headline = words.reopened(first.reopened_by, is_elsewhere=is_elsewhere, count=by.count(first.reopened_by))
    if len(set(by)) > 1 and not is_elsewhere:
        headline = "\n".join(_left(request, rounds))
    return past_request_message(
        RequestId(first.face_id, first.round), [past.face_id for past in reopened], headline
    )


def _offered(request: Request) -> list[Offered]:
    """The names of the line-up, told apart where two people have the same. Of merged people it is one. Where
    one alone is left, that would be the machine's guess, and nobody is offered.
    """
    people = people_of(MergedPeople.now().roots(request.offered))
    hints = told_apart(people)
    there = sorted(people, key=lambda each: (name_key(each.name or ""), each.id))
    offered = [Offered(each.id, each.name, hints.get(each.id, "")) for each in there if each.name]
    return offered if len(offered) >= LEAST_OFFERED else []


def pictures_are_on_their_way(request: Request) -> bool:
    """Whether the request was posted without its pictures, and they are being shared into its thread."""
    return request.message_ts is not None and request.posting_since is not None


def _face_shown(face: Face) -> FaceShown:
    return FaceShown(
        id=face.id,
        round=face.round,
        number=face.number or 1,
        state=face.state,
        person=_person_shown(face),
        reason=face.reason,
    )


def _person_shown(face: Face) -> PersonShown | None:
    return PersonShown(face.person.slack_id, face.person.name) if face.person else None


def _left(request: Request, rounds: Sequence[PastRound]) -> list[str]:
    """A sentence for each member who had faces leave the request, and one for those that were forgotten."""
    how = [(past.reopened_by, bool(past.struck_out)) for past in rounds]
    forgotten = [words.forgotten_here(request.forgotten)] if request.forgotten else []
    return forgotten + [
        words.left_the_request(by, how.count((by, struck_out)), struck_out=struck_out)
        for by, struck_out in dict.fromkeys(how)
    ]
