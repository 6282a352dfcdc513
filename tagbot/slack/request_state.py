"""The request of a face, as the database has it."""

from tagbot.consensus import PeopleDiffer, Rule, consensus
from tagbot.database.models.faces import Face
from tagbot.database.models.votes import Vote
from tagbot.slack.request_message import PersonShown, Rendered, Request, request_message
from tagbot.vocabulary import State


def request_of_face(face: Face, rule: Rule) -> Rendered:
    """The message that the face's rows amount to now."""
    votes = Vote.of(face.id)
    are_there = not pictures_are_on_their_way(face)
    person = face.person
    return request_message(
        Request(
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


def pictures_are_on_their_way(face: Face) -> bool:
    """Whether the face was posted without its pictures, and they are being shared into its thread."""
    return face.state != State.WAITING and face.posting_since is not None
