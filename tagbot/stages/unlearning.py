"""Taking faces out of the model for want of their person's yes; they stay tagged."""

import logging

from tagbot.database.models.consents import learned_faces
from tagbot.database.models.faces import Face
from tagbot.database.write_lock import writing
from tagbot.services import Services
from tagbot.vocabulary import NotSentReason

log = logging.getLogger(__name__)


def unlearn_person(person_id: str, services: Services) -> None:
    """Take all of a person's faces out of whatever model holds them."""
    for face in learned_faces(person_id):
        unlearn(face, services)
        if face.request_id is not None:
            services.updates.show_soon(face.request_id)


def unlearn(face: Face, services: Services) -> None:
    """Take one face out. To remove what is gone already is no error, so a crash before the note only has it
    removed once more.
    """
    ref, backend = str(face.face_ref), face.training_backend
    training_id = f"consent:{face.claimed_by}"
    if backend in (None, services.training.name):
        services.training.remove_face(face.id, face.person_ref, ref, training_id=training_id)
    else:
        services.other_models.take_out(face, training_id=training_id, now=services.now())
    with writing():
        nowhere = dict.fromkeys(("training_backend", "person_ref", "face_ref", "handed_to"))
        same = (Face.id == face.id) & (Face.face_ref == ref)
        if Face.update(reason=NotSentReason.NO_CONSENT, **nowhere).where(same).execute():
            Face.changed(Face.id == face.id)
            log.info("face=%s left the model, as its person has not agreed", face.id)


def keep_out_of_model(face: Face, services: Services) -> None:
    """Note that a face is not learned for want of a yes; an attempt before a crash may have sent it."""
    for found in services.training.faces():
        if found.face_id == face.id:
            services.training.remove_face(
                face.id, found.person_ref, found.face_ref, training_id=f"consent:{face.claimed_by}"
            )
    Face.note(face.id, reason=NotSentReason.NO_CONSENT, person_ref=None)
