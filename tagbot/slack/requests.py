"""The request of a face, as the database has it."""

from tagbot import blocks
from tagbot.consensus import PeopleDiffer, consensus
from tagbot.models import Face, Vote


def render(face: Face, required_votes: int) -> blocks.Rendered:
    """What the face's message shows now; its pictures have been uploaded."""
    votes = Vote.of(face.id)
    person = face.person
    return blocks.request(
        blocks.Request(
            face_id=face.id,
            round=face.round,
            state=face.state,
            crop_file=face.crop_file or "",
            context_file=face.context_file or "",
            required_votes=required_votes,
            taggers=[vote.tagger for vote in votes],
            differ=isinstance(consensus(votes, required_votes), PeopleDiffer),
            person=blocks.PersonShown(person.slack_id, person.name) if person else None,
            reason=face.reason,
        )
    )
