"""Take a face that got the wrong person out of the model, and have it asked about again."""

from collections.abc import Iterator

from tagbot.database.models.faces import Face
from tagbot.database.models.requests import PastRequest, ask_again, note_channel
from tagbot.errors import Retry
from tagbot.messages import FaceReopened, FaceStored
from tagbot.services import Services
from tagbot.slack import words
from tagbot.vocabulary import State


def undo_tag(message: FaceReopened, services: Services) -> Iterator[FaceStored]:
    """Begin the face's next round; the message of this one says who reopened it."""
    # Again is harmless: a round ends once; its repetition shows what is not shown yet and tells of the next
    # round once more, which is asked about once.
    if message.channel:
        note_channel(message.face_id, message.round, message.channel)
    tagged = (Face.id == message.face_id) & (Face.round == message.round) & (Face.state == State.TAGGED)
    face = Face.get_or_none(tagged)
    if face is not None:
        training_id = face.claimed_by or message.id
        left_at = None
        if face.face_ref is not None and face.training_backend not in (None, services.training.name):
            left_at = services.other_models.take_out(face, training_id=training_id, now=services.now())
        elif face.face_ref is not None:
            services.training.remove_face(face.id, face.person_ref, face.face_ref, training_id=training_id)
        if not ask_again(face.id, message.round, State.TAGGED, by=message.by):
            raise Retry("the face is being sent to the model just now")
        if left_at is not None:
            services.tellings.tell(message.by, words.left_in_model(left_at), message.channel)
    else:
        ended = (PastRequest.face == message.face_id) & (PastRequest.round == message.round)
        past = PastRequest.get_or_none(ended)
        if (
            past is None or past.reopened_by != message.by
        ):  # this message did not end the round before a crash
            services.tellings.tell(message.by, words.NOT_TAGGED, message.channel)
            return
    services.updates.show(message.face_id)
    yield FaceStored(face_id=message.face_id, round=message.round + 1)
