"""Faces that nobody could recognise: they are not asked about, unless somebody wants it."""

from tagbot.database.models.faces import Face
from tagbot.vocabulary import RejectionReason

SHARP_ENOUGH = 0.44
"""As `tagbot.recognition.sharpness` measures it: a face that is less sharp cannot be recognised. Of 600
portraits of the press (LFW) fewer than 1 in 100 are less sharp; of those blurred with a radius of 4.3 % of
the face's side nine in ten are, in the dark, with noise and as a poor JPEG alike.
"""


def why_nobody_could_tell(face: Face, min_size: int) -> RejectionReason | None:
    """Why the face cannot be recognised by anybody, or None."""
    if min(face.width, face.height) < min_size:
        return RejectionReason.TOO_SMALL
    if face.sharpness is not None and face.sharpness < SHARP_ENOUGH:
        return RejectionReason.TOO_BLURRED
    return None
