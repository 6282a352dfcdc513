"""The request of a face, as the database has it."""

from tagbot import blocks
from tagbot.consensus import PeopleDiffer, Rule, consensus
from tagbot.models import Face, Vote


def render(face: Face, rule: Rule) -> blocks.Rendered:
    """What the face's message shows now."""
    votes = Vote.of(face.id)
    person = face.person
    return blocks.request(
        blocks.Request(
            face_id=face.id,
            round=face.round,
            state=face.state,
            crop_file=face.crop_file,
            context_file=face.context_file,
            required_votes=rule.required_votes,
            taggers=[vote.tagger for vote in votes],
            differ=isinstance(consensus(votes, rule), PeopleDiffer),
            person=blocks.PersonShown(person.slack_id, person.name) if person else None,
            reason=face.reason,
        )
    )
