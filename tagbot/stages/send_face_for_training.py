"""When enough people agree: claim the face and have the training backend learn it."""

from collections.abc import Iterator

from tagbot.consensus import Agreed, consensus
from tagbot.messages import FaceTagged, PersonAdded, TrainingRefused, TrainingSent
from tagbot.models import OPEN, TRAINING, Face, Person, Vote, crop_key, writing
from tagbot.services import Services
from tagbot.training import Refused

PERSON_FULL = "person_full"

Outputs = Iterator[PersonAdded | TrainingSent | TrainingRefused]


def send_face_for_training(message: FaceTagged, services: Services) -> Outputs:
    """Train the face once, by the one message that claimed it."""
    # Again is harmless: only one message can claim a face; its own repetition finds what the backend answered noted,
    # or asks it again for the same thing, which adds nothing twice.
    with writing():
        face = Face.get_or_none((Face.id == message.face_id) & (Face.round == message.round))
        if face is not None and face.state == OPEN:
            face = _claim(face, message, services)
    if face is not None and face.state == TRAINING and face.claimed_by == message.id and face.person:
        yield from _train(face, face.person, services)


def _claim(face: Face, message: FaceTagged, services: Services) -> Face:
    """Close the face for answers, if people agree."""
    agreed = consensus(Vote.of(face.id), services.settings.required_votes)
    if not isinstance(agreed, Agreed):
        return face
    now = services.now()
    person = Person.with_slack_id(agreed.answer, now)
    full = face.in_model_of(person) >= services.settings.max_faces_per_person
    Face.move(
        face.id,
        face.round,
        OPEN,
        TRAINING,
        person=person,
        claimed_by=message.id,
        closed_at=now,
        reason=PERSON_FULL if full else None,
    )
    return Face.get_by_id(face.id)


def _train(face: Face, person: Person, services: Services) -> Outputs:
    if face.reason is None and face.face_ref is None:
        person_ref = services.training.ensure_person(person.id)
        crop = services.images.get(crop_key(face.id))
        training_id = f"{face.id}:{face.round}"
        answer = services.training.add_face(face.id, person_ref, crop, training_id=training_id)
        if isinstance(answer, Refused):
            yield TrainingRefused(face_id=face.id, round=face.round, reason=answer.reason)
            return
        with writing():
            Face.note(
                face.id,
                training_backend=services.training.name,
                person_ref=person_ref,
                face_ref=answer.face_ref,
            )
    if person.enriched_at is None:
        yield PersonAdded(person_id=person.id)
    yield TrainingSent(face_id=face.id, round=face.round)
