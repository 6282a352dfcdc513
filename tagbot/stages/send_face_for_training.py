"""When enough people agree: claim the face and have the training backend learn it."""

from collections.abc import Iterator
from typing import Any

from tagbot.consensus import Agreed, Unknown, consensus
from tagbot.database.models.consents import may_be_learned, standing
from tagbot.database.models.faces import Face
from tagbot.database.models.guesses import Guess
from tagbot.database.models.named_people import agreed_person
from tagbot.database.models.people import Person
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.messages import ConsentChanged, FaceTagged, PersonAdded, TrainingRefused, TrainingSent
from tagbot.photos.image_keys import crop_key
from tagbot.services import Services
from tagbot.stages.unlearning import keep_out_of_model, unlearn
from tagbot.training.backend import NotSent, Refused
from tagbot.vocabulary import MACHINE, Consent, NotSentReason, RejectionReason, SpecialAnswer, State

Outputs = Iterator[PersonAdded | TrainingSent | TrainingRefused | ConsentChanged]


def send_face_for_training(message: FaceTagged, services: Services) -> Outputs:
    """Train the face once, by the one message that claimed it."""
    # Again is harmless: only one message can claim a face; its own repetition finds what the backend
    # answered noted, or asks it again for the same thing, which adds nothing twice.
    with writing():
        face = Face.in_round(message.face_id, message.round)
        if face is not None and (decided := _decided(face, message, services)):
            claim = {"claimed_by": message.id, "closed_at": face.closed_at or services.now(), **decided}
            Face.move(face.id, face.round, face.state, State.TRAINING, **claim)
            face = Face.get_by_id(face.id)
    if face is None or face.state != State.TRAINING or face.claimed_by != message.id:
        return
    refused: str | None = None
    if face.person is None:
        refused = face.reason or RejectionReason.UNKNOWN
    elif face.reason is None and face.face_ref is None:
        refused = _train(face, face.person, message, services)
    if face.person is not None and refused is None:
        yield from _without_consent(Face.get_by_id(face.id), face.person, services)
    if refused is not None:
        yield TrainingRefused(face_id=face.id, round=face.round, reason=refused)
        return
    if face.person is not None and face.person.enriched_at is None:
        yield PersonAdded(person_id=face.person.id)
    yield TrainingSent(face_id=face.id, round=face.round)


def _decided(face: Face, message: FaceTagged, services: Services) -> dict[str, Any]:
    """The person that a face is to be trained as, or the reason why not; empty where nobody may claim it."""
    person = face.person
    if face.state == State.OPEN:
        machine = Guess.answer(face.id, face.round, services.settings.rule)
        decision = consensus(Vote.of(face.id), services.settings.rule, machine)
        if isinstance(decision, Unknown):
            return {"reason": RejectionReason.UNKNOWN}
        if decision == Agreed(SpecialAnswer.NOT_A_FACE):
            Guess.judge(face.id, face.round, None, services.now(), had_vote=machine is not None)
            return {"reason": RejectionReason.NOT_A_FACE}
        if not isinstance(decision, Agreed):
            return {}
        _store_machines_vote(face, decision)
        person = agreed_person(face.id, decision, services.now())
        Guess.judge(face.id, face.round, person, services.now(), had_vote=machine is not None)
    elif person is None or not (_may_be_sent_anyway(face, message) or _waited_for_yes(face, message)):
        return {}
    if not _may_be_learned(person, services):
        return {"person": person, "reason": NotSentReason.NO_CONSENT}
    full = face.in_model_of(person) >= services.settings.max_faces_per_person
    return {"person": person, "reason": NotSentReason.PERSON_FULL if full else None}


def _store_machines_vote(face: Face, agreed: Agreed) -> None:
    for vote in agreed.answers:
        if vote.tagger == MACHINE:
            Vote.put(face_id=face.id, tagger=MACHINE, answer=vote.answer, round=face.round, at=vote.at)


def _may_be_sent_anyway(face: Face, message: FaceTagged) -> bool:
    return message.anyway and face.state == State.TAGGED and face.reason == NotSentReason.DIFFERS


def _waited_for_yes(face: Face, message: FaceTagged) -> bool:
    return message.after_yes and face.state == State.TAGGED and face.reason == NotSentReason.NO_CONSENT


def _may_be_learned(person: Person, services: Services) -> bool:
    return may_be_learned(person.id, required=services.settings.requires_consent)


def _without_consent(face: Face, person: Person, services: Services) -> Iterator[ConsentChanged]:
    """A face that was sent just before its person said no leaves the model; a new person is to be asked."""
    if _may_be_learned(person, services):
        return
    if face.face_ref is not None:
        unlearn(face, services)
    if services.settings.requires_consent and standing(person.id) == Consent.NONE:
        yield ConsentChanged(person=person.slack_id or person.id)


def can_be_trained_anyway(message: FaceTagged) -> bool:
    """Whether what an admin wants can still be done, or was done by this very message."""
    face = Face.in_round(message.face_id, message.round)
    return face is not None and (_may_be_sent_anyway(face, message) or face.claimed_by == message.id)


def _train(face: Face, person: Person, message: FaceTagged, services: Services) -> RejectionReason | None:
    """Have the backend learn the face, and note its answer; why it cannot use the picture, or None."""
    if not _may_be_learned(person, services):
        keep_out_of_model(face, services)
        return None
    # As whose it is sent is noted before: an attempt after people were merged, or parted again, repeats the
    # call of the first, which may have gone well; the model follows once the face is tagged.
    person_ref = face.person_ref or person.training_ref or services.training.ensure_person(person.id)
    if face.person_ref is None:
        with writing():
            Person.update(training_ref=person_ref).where(Person.id == person.id).execute()
            Face.update(person_ref=person_ref).where(Face.id == face.id).execute()
    answer = services.training.add_face(
        face.id,
        person_ref,
        services.images.get(crop_key(face.id)),
        training_id=message.id,  # of the one message that claimed the face: another training has another
        anyway=message.anyway,
    )
    if isinstance(answer, Refused) and not message.anyway:
        Face.note(face.id, person_ref=None)
        return answer.reason
    if isinstance(answer, Refused):
        # People have tagged it already, and that stands.
        Face.note(face.id, reason=NotSentReason.DIFFERS, person_ref=None)
    elif isinstance(answer, NotSent):
        Face.note(face.id, reason=answer.reason, person_ref=None)
    else:
        backend = services.training.name
        Face.note(face.id, training_backend=backend, person_ref=person_ref, face_ref=answer.face_ref)
    return None
