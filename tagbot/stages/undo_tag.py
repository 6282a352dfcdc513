"""Take a face that got the wrong person out of the model, and have it asked about again."""

from collections.abc import Iterator

from tagbot.database.models.asked import asked_in, note_channel
from tagbot.database.models.different_people import DifferentPeople
from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.models.rounds import ask_again, past_round
from tagbot.database.write_lock import writing
from tagbot.errors import Retry
from tagbot.messages import FaceReopened, FaceStored
from tagbot.services import Services
from tagbot.slack import words
from tagbot.vocabulary import State

BEING_SENT = "the face is being sent to the model just now"


def undo_tag(message: FaceReopened, services: Services) -> Iterator[FaceStored]:
    """Begin the face's next round; the message of this one says who reopened it."""
    # Again is harmless: a round ends once; its repetition shows what is not shown yet and tells of the next
    # round once more, which is asked about once.
    asked = asked_in(message.face_id, message.round)
    if asked is not None and asked.channel is None and message.channel:
        with writing():
            note_channel(asked, message.channel)
    tagged = (Face.id == message.face_id) & (Face.round == message.round) & (Face.state == State.TAGGED)
    face = Face.get_or_none(tagged)
    if face is not None:
        training_id = face.claimed_by or message.id
        left_at = None
        if face.face_ref is not None and face.training_backend not in (None, services.training.name):
            left_at = services.other_models.take_out(face, training_id=training_id, now=services.now())
        elif face.face_ref is not None:
            if services.settings.compares_faces:
                FaceVector.keep_learned(face.id)
            services.training.remove_face(face.id, face.person_ref, face.face_ref, training_id=training_id)
        with writing():
            _tell_apart_from_the_others(face, message)
            if not ask_again(face.id, message.round, State.TAGGED, by=message.by):
                raise Retry(BEING_SENT)
        if left_at is not None:
            services.tell(message, words.left_in_model(left_at))
    elif _is_sent_again(message):
        raise Retry(BEING_SENT)
    else:
        past = past_round(message.face_id, message.round)
        if (
            past is None or past.reopened_by != message.by
        ):  # this message did not end the round before a crash
            services.tell(message, words.NOT_TAGGED)
            return
    if asked is not None and _others_follow(asked.id, message):
        services.updates.show_soon(asked.id)
    else:
        services.updates.show(asked.id if asked is not None else None)
    yield FaceStored(face_id=message.face_id, round=message.round + 1)


def _is_sent_again(message: FaceReopened) -> bool:
    """Whether a face that was tagged is in training once more: an admin wants it, or its person said yes."""
    face = Face.in_round(message.face_id, message.round)
    return face is not None and face.state == State.TRAINING and face.tagged_at is not None


def _others_follow(request_id: str, message: FaceReopened) -> bool:
    """Whether faces of the same message are yet to be reopened, which is then shown with them."""
    tagged = (Face.request == request_id) & (Face.state == State.TAGGED)
    return bool(Face.select().where(tagged & (Face.id << message.together)).exists())


def _tell_apart_from_the_others(face: Face, message: FaceReopened) -> None:
    """From those of its request that stay tagged as the person that this one is not."""
    alike = (Face.request == face.request_id) & (Face.person == face.person) & (Face.state == State.TAGGED)
    stay = Face.select().where(alike & Face.id.not_in([face.id, *message.together]))
    DifferentPeople.note((face.id, other.id) for other in stay)
