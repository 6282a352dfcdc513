"""Faces that became another person's, as people were merged or parted again: the model follows.

What is to be done stands in the rows: as whose the model has a face beside whose it is, and in whose favour
it left. So neither a crash nor a model that does not answer leaves anything half-done for good.
"""

import uuid
from collections.abc import Callable

from tagbot.database.models.consents import may_be_learned
from tagbot.database.models.faces import Face, coming_back, moving
from tagbot.database.named_lock import alone
from tagbot.database.write_lock import writing
from tagbot.errors import Reject, Retry
from tagbot.training.backend import NotSent, Refused, Trained, TrainingBackend
from tagbot.vocabulary import NotSentReason, State

FOLLOWING = "following merges in the model"
"""The name of the lock: one process at a time does it, the bot or a command."""

ENOUGH = 3
"""After so many faces that failed, the others would fail as well."""

NOWHERE = dict.fromkeys(("training_backend", "person_ref", "face_ref"))


def follow_merges(
    training: TrainingBackend, crop: Callable[[str], bytes], *, most: int, requires_consent: bool
) -> None:
    """Hand faces over to those whose they are now: so many of each person at `most`, the others leave the
    model, and come back when the merge is undone. `crop` gives a face's.

    Raises `Retry` or `Reject`, once those that could be were handed over.
    """
    if not left_to_follow(training.name):
        return
    problems: list[Retry | Reject] = []
    with alone(FOLLOWING):
        for face in (*moving(training.name), *coming_back()):
            # Those who may not be learned leave the model by their consent.
            if not may_be_learned(str(face.person_id), required=requires_consent):
                continue
            try:
                _follow(face, training, crop, most)
            except (Retry, Reject) as why:
                problems.append(why)
                if len(problems) == ENOUGH:
                    break
    if problems:
        raise problems[0]


def left_to_follow(backend: str) -> int:
    """How many faces the model of a backend has as another person's than whose they are."""
    return len(moving(backend)) + len(coming_back())


def _follow(face: Face, training: TrainingBackend, crop: Callable[[str], bytes], most: int) -> None:
    person, ref = str(face.person_id), face.face_ref
    # A new one at each attempt: AWS would answer from memory to one that was merged, parted and merged again.
    training_id = f"merge:{uuid.uuid4().hex}"
    # The intent comes first: parted just after a call, it would look as though nothing had been done.
    if not _note(face, handed_to=person):
        return
    is_full = face.in_model_as(person) >= most
    answer: Trained | NotSent | Refused | None = None
    if ref is not None and not is_full:
        answer = training.hand_over(face.id, ref, str(face.person_ref), person, training_id=training_id)
    if ref is None or (answer is None and not is_full):
        answer = _sent_again(face, training, crop, training_id=training_id)
    if is_full and (there := answer.face_ref if isinstance(answer, Trained) else ref) is not None:
        training.remove_face(face.id, face.person_ref, there, training_id=training_id)
        answer = NotSent(NotSentReason.PERSON_FULL)
    if isinstance(answer, Trained):
        learned = {"training_backend": training.name, "person_ref": person, "face_ref": answer.face_ref}
        is_noted = _note(face, reason=None, displaced_by=None, handed_to=None, **learned)
        # It was reopened meanwhile, say; or `reconcile` has sent the same just now, which stays.
        if not is_noted and not Face.is_learned_as(face.id, answer.face_ref):
            training.remove_face(face.id, person, answer.face_ref, training_id=training_id)
    elif isinstance(answer, NotSent):
        _note(face, reason=answer.reason, displaced_by=person, handed_to=None, **NOWHERE)
    elif ref is not None:  # neither model nor crop is there: `reconcile` tells of it
        _note(face, person_ref=person, handed_to=None)
    else:
        _note(face, displaced_by=None, handed_to=None)


def _sent_again(
    face: Face, training: TrainingBackend, crop: Callable[[str], bytes], *, training_id: str
) -> Trained | NotSent | Refused | None:
    """Have a face learned that was learned before its person was merged; None where its crop is lost."""
    try:
        picture = crop(face.id)
    except Reject:
        return None
    person = str(face.person_id)
    answer = training.add_face(face.id, person, picture, training_id=training_id, anyway=True)
    if answer == NotSent(
        NotSentReason.DIFFERS
    ):  # an attempt for another had sent it, which is undone by this
        again = f"{training_id}:again"
        answer = training.add_face(face.id, person, picture, training_id=again, anyway=True)
    return answer


def _note(face: Face, **changes: object) -> bool:
    """Change a face that is as it was read; whether it still was."""
    same = (Face.id == face.id) & (Face.state == State.TAGGED) & (Face.round == face.round)
    where = (Face.face_ref == face.face_ref) & (Face.person_ref == face.person_ref)
    if face.face_ref is None:
        where = Face.face_ref.is_null()
    with writing():
        changed: int = Face.update(**changes).where(same & where).execute()
        if changed and "reason" in changes:
            Face.changed(Face.id == face.id)
    return changed == 1
