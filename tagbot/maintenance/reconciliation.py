"""Comparing the training backend's model with the database, both ways, and mending what differs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.write_lock import writing
from tagbot.errors import Reject
from tagbot.photos.image_keys import crop_key
from tagbot.photos.image_store import ImageStore
from tagbot.training.backend import ModelFace, Trained, TrainingBackend
from tagbot.training.other_models import nothing_is_left
from tagbot.training.usage import VANISHED
from tagbot.vocabulary import State

MISSING = "missing"
ORPHANED = "orphaned"
DOUBLED = "doubled"
WRONG_PERSON = "wrong person"

AT_REST = (State.WAITING, State.OPEN, State.TAGGED, State.REJECTED)
"""States in which a face's place in the model is settled; one in training is in a running bot's hands."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One face that the model and the database see differently."""

    kind: str
    """`MISSING` from the model; `ORPHANED`, `DOUBLED` or at the `WRONG_PERSON` in it."""
    face_id: str
    face_ref: str
    """How the backend calls it; in `MISSING`, how the database says that it does."""
    person_ref: str | None
    """The person who has it in the model; None where it is nobody's."""

    def was_put_right(self) -> bool:
        """Whether a running bot is at work on the face by now, or has just sent it."""
        now = Face.get_or_none(Face.id == self.face_id)
        if now is None or self.kind == WRONG_PERSON:
            return False
        return now.state not in AT_REST or (now.state == State.TAGGED and now.face_ref == self.face_ref)


def differences(training: TrainingBackend) -> Iterator[Difference]:
    """Compare both ways. The model is read before the database: what is tagged meanwhile is not taken for
    missing.
    """
    sent = (Face.training_backend == training.name) & Face.face_ref.is_null(False)
    tagged = {face.id: face for face in Face.select().where(sent & (Face.state == State.TAGGED)).iterator()}
    in_model: defaultdict[str, list[ModelFace]] = defaultdict(list)
    for found in training.faces():
        in_model[found.face_id].append(found)
    for face_id, copies in in_model.items():
        yield from _of_one_face(tagged.get(face_id), face_id, copies)
    for face_id, face in tagged.items():
        if any(copy.face_ref == face.face_ref for copy in in_model.get(face_id, ())):
            continue
        # Looked up again: a running bot may have moved it since the list was read.
        now = Face.get_or_none(Face.id == face_id)
        if now and (now.state, now.round, now.face_ref) == (State.TAGGED, face.round, face.face_ref):
            yield Difference(MISSING, face_id, face.face_ref or "", None)


def _of_one_face(face: Face | None, face_id: str, copies: Sequence[ModelFace]) -> Iterator[Difference]:
    now = Face.get_or_none(Face.id == face_id)
    if now is not None and now.state not in AT_REST:
        return
    if face is None:
        # Looked up again: it may have been tagged since the list was read.
        face = now if now is not None and now.state == State.TAGGED and now.face_ref else None
    for copy in copies:
        if face is None:
            yield Difference(ORPHANED, face_id, copy.face_ref, copy.person_ref)
        elif copy.face_ref != face.face_ref:
            yield Difference(DOUBLED, face_id, copy.face_ref, copy.person_ref)
        elif copy.person_ref != face.person_id:
            yield Difference(WRONG_PERSON, face_id, copy.face_ref, copy.person_ref)


def mend(found: Sequence[Difference], training: TrainingBackend, images: ImageStore, run: str) -> None:
    """Have the model say what the database says. `run` names this run: each sends a face as another
    training.
    """
    if strangers := _strangers(found):
        training.forget(strangers, [])
    for difference in found:
        if difference.kind != MISSING and not difference.was_put_right():
            training.remove_face(
                difference.face_id, difference.person_ref, difference.face_ref, training_id=f"reconcile:{run}"
            )
    again = {each.face_id for each in found if each.kind in (MISSING, WRONG_PERSON)}
    for face_id in sorted(again):
        with suppress(Reject):  # its crop is lost, say: it stays missing, and is told of again
            _send_again(face_id, training, images, run)


def _strangers(found: Sequence[Difference]) -> list[str]:
    """People in the model whom nobody knows any more: they were forgotten while it was not set, say."""
    orphaned = {each.person_ref for each in found if each.kind == ORPHANED and each.person_ref is not None}
    known = {person.id for person in Person.select(Person.id).where(Person.id << list(orphaned))}
    return sorted(orphaned - known)


def _send_again(face_id: str, training: TrainingBackend, images: ImageStore, run: str) -> None:
    """Send a tagged face from its stored crop. People have decided, so the machine's opinion does not
    count.
    """
    face = Face.get_or_none((Face.id == face_id) & (Face.state == State.TAGGED))
    if face is None or face.person_ref is None:
        return
    # The one whose it is now: people may have been merged since it was sent.
    person_ref = training.ensure_person(str(face.person_id))
    training_id = f"reconcile:{run}:{face.id}"
    answer = training.add_face(
        face.id, person_ref, images.get(crop_key(face.id)), training_id=training_id, anyway=True
    )
    if isinstance(answer, Trained):
        is_noted = _note(face, face_ref=answer.face_ref, person_ref=person_ref, handed_to=None)
        # A face that was reopened meanwhile is nobody's any more.
        if not is_noted and not Face.is_learned_as(face.id, answer.face_ref):
            training.remove_face(face.id, person_ref, answer.face_ref, training_id=training_id)
    else:
        nowhere = dict.fromkeys(("training_backend", "person_ref", "face_ref", "handed_to"))
        with writing():
            if _note(face, reason=answer.reason, **nowhere):
                Face.changed(Face.id == face.id)


def _note(face: Face, **changes: Any) -> bool:
    """Change a face that nobody has touched since it was read; whether it was changed."""
    same = (Face.id == face.id) & (Face.state == State.TAGGED) & (Face.round == face.round)
    with writing():
        changed: int = Face.update(**changes).where(same & (Face.face_ref == face.face_ref)).execute()
    return changed == 1


def nothing_differs(training: TrainingBackend) -> None:
    """The operator need not be reminded any more."""
    Notice.clear(VANISHED)
    nothing_is_left(training.name)


def counted(found: Sequence[Difference]) -> Mapping[str, int]:
    """How many there are of each kind, all kinds named."""
    counts = dict.fromkeys((MISSING, ORPHANED, DOUBLED, WRONG_PERSON), 0)
    for difference in found:
        counts[difference.kind] += 1
    return counts
