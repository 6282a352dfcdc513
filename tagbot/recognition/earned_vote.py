"""When the machine's opinion counts as a vote. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from tagbot.recognition.resemblance import Nearness, Resemblance
from tagbot.vocabulary import LEAST_LEARNED

LEAST_COMPARED = 2
"""Learned faces of a person of whom the machine may be sure, where their number is told. In an album of LFW
with 34 people, asked about one by one, all faces about which it was wrongly sure were of people whom it did
not know yet, and taken for somebody of whom it knew one face.
"""

AUDITED = 20
"""One request in so many goes without the machine's vote."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """The machine takes all faces of a request for this person."""

    person: str
    distance: float
    margin: float
    """By how much the next person is farther away; infinite where there is none."""


def opinion(nearest: Sequence[Resemblance], nearness: Nearness) -> Opinion | None:
    """Of a request whose faces these people are nearest to; None where the machine is not sure.

    One person has to be the nearest of each of the faces: where one of them is somebody else's, the machine
    has no opinion about any.
    """
    if not nearest:
        return None
    first, *others = nearest
    if first.learned is not None and first.learned < LEAST_COMPARED:
        return None
    margin = min((each.distance - first.distance for each in others), default=float("inf"))
    for face, distance in enumerate(first.distances):
        if any(each.distances[face] < distance for each in others):
            return None
    if first.distance > nearness.sure or margin < nearness.margin:
        return None
    return Opinion(first.person, first.distance, margin)


def has_vote(request_id: str, faces_of_person: int, *, is_earned: bool) -> bool:
    """Whether an opinion about a request counts, of a person who has so many faces in the model."""
    return is_earned and faces_of_person >= LEAST_LEARNED and not is_audited(request_id)


def is_audited(request_id: str) -> bool:
    """The same each time: a request that goes without the machine's vote is not asked to have it later."""
    digest = hashlib.sha256(request_id.encode()).digest()
    return int.from_bytes(digest[:8]) % AUDITED == 0
