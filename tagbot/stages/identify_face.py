"""Have the machine look at a face: a vector, by which it is compared with others."""

import logging
from collections.abc import Iterator

from tagbot.database.models.face_vectors import FaceVector
from tagbot.database.models.faces import Face
from tagbot.database.write_lock import writing
from tagbot.errors import Retry
from tagbot.messages import FaceFound, FaceStored
from tagbot.photos.image_keys import crop_key
from tagbot.services import Services
from tagbot.stages.unusable_faces import why_nobody_could_tell
from tagbot.vocabulary import RejectionReason, State

log = logging.getLogger(__name__)

PATIENCE = 120.0
"""Seconds for which a recogniser may fail before faces go on without it: people can still say who it is."""


def identify_face(message: FaceFound, services: Services) -> Iterator[FaceStored]:
    """Keep the face's vector, where there is a recogniser and something to compare with."""
    # Again is harmless: a face has one vector, made of the same bytes by the same model.
    face = Face.in_round(message.face_id, message.round)
    if face is None or face.state != State.WAITING:
        return
    is_compared = services.settings.compares_faces
    is_compared &= not why_nobody_could_tell(face, services.settings.min_face_size)
    # The very first face has nobody to be compared with: it is asked about while the encoder loads.
    counts = Face.counts()
    is_first = not any(counts[state] for state in (State.OPEN, State.TRAINING, State.TAGGED))
    if is_compared and not is_first:
        _describe(face, services)
    asked = FaceStored(face_id=face.id, round=face.round)
    with writing():
        Face.update(pending=asked.id).where(Face.waits_in(face.id, face.round)).execute()
    yield asked
    if is_compared and is_first:
        _describe(face, services)


def _describe(face: Face, services: Services) -> None:
    recogniser = services.machine.recogniser
    if recogniser is None or FaceVector.of(face.id) is not None:
        return
    try:
        described = recogniser.describe(services.images.get(crop_key(face.id)))
    except Retry as why:
        since = recogniser.failing_since
        if since is None or services.now() - since < PATIENCE:
            raise
        log.warning("face=%s goes on without a vector: %s", face.id, why.reason)
        return
    if not isinstance(described, RejectionReason):
        FaceVector.keep(face.id, face.round, described.model, described.vector)
