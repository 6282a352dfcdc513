"""Store a tagger's answer as their vote, and show that they answered."""

from collections.abc import Iterator

from tagbot.database.models.faces import AskedFace, Face
from tagbot.database.models.named_people import person_meant
from tagbot.database.models.requests import note_channel
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.errors import Reject
from tagbot.lib.names import clean_email, clean_name, email_key, name_key
from tagbot.lib.unseen import can_be_seen
from tagbot.messages import ANYWAY, AnswerGiven, FaceTagged
from tagbot.services import Services
from tagbot.slack import words
from tagbot.stages.clicks_on_closed_faces import answer_counts, tell_that_it_came_late
from tagbot.stages.send_face_for_training import can_be_trained_anyway
from tagbot.vocabulary import ActionId, SpecialAnswer, State


def store_face_tag_sql(message: AnswerGiven, services: Services) -> Iterator[FaceTagged]:
    """Store the vote, in place of an earlier one by the same tagger."""
    # Again is harmless: there is one vote for each face and tagger, and the same answer writes the same row.
    if message.answer == ActionId.TRAIN_ANYWAY:
        yield from _send_anyway(message, services)
        return
    # An older version left names as they were typed.
    name, email = clean_name(message.name), clean_email(message.email)
    if not message.answer and not can_be_seen(name):
        services.tellings.tell(message.tagger, words.NAME_MISSING)
        return
    account = message.answer not in ("", SpecialAnswer.NOT_A_FACE, SpecialAnswer.DONT_KNOW)
    if account and not services.slack.members.can_be_chosen(message.answer, by=message.tagger):
        services.tellings.tell(message.tagger, words.cannot_be_chosen(message.answer))
        return
    with writing():
        face = Face.for_answer(message.face_id)
        if face is None:
            raise Reject("the answer is about a face that is not in the database")
        _note_that_it_is_posted(face, message)
        counted = answer_counts(face, message, services.slack.channel.id)
        if counted:
            # A person without a Slack account is one of our own, as soon as people agree.
            answer = message.answer or person_meant(name_key(name), email_key(email), face.id)
            Vote.put(
                face_id=face.id,
                tagger=message.tagger,
                answer=answer,
                round=message.round,
                at=message.at,
                name=name,
                email=email,
            )
            if face.state == State.OPEN:
                Face.answers_changed(face.id)
        elif message.channel:
            note_channel(message.face_id, message.round, message.channel)
    if not counted:
        tell_that_it_came_late(face, message, services)
        services.updates.show_soon(face.id)
    elif face.state == State.OPEN:
        services.updates.show_soon(face.id)
        yield FaceTagged(face_id=face.id, round=face.round, cause=f"{message.tagger}:{message.at:.6f}")


def _send_anyway(message: AnswerGiven, services: Services) -> Iterator[FaceTagged]:
    """Pass on what an admin wants, where it can still be done."""
    cause = f"{ANYWAY}{message.tagger}:{message.at:.6f}"
    wanted = FaceTagged(face_id=message.face_id, round=message.round, cause=cause)
    if can_be_trained_anyway(wanted):
        yield wanted
    else:
        services.tellings.tell(message.tagger, words.NOT_DIFFERING, message.channel)


def _note_that_it_is_posted(face: AskedFace, message: AnswerGiven) -> None:
    """A click proves that the request is in the channel, also while Slack's answer to the post is under
    way.
    """
    if face.state == State.WAITING and face.round == message.round and message.message_ts:
        Face.move(
            face.id,
            face.round,
            State.WAITING,
            State.OPEN,
            message_ts=message.message_ts,
            channel=message.channel or face.channel,
            posted_at=message.received,
            pending=None,
            posting_since=None,
        )
        face.state = State.OPEN
        face.message_ts, face.channel = message.message_ts, message.channel or face.channel
