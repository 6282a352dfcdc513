"""What line-ups and the machine's opinion are worth, by the bot's own rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tagbot.recognition.description import Description
from tagbot.recognition.earned_vote import opinion
from tagbot.recognition.nearest_people import LearnedFaces
from tagbot.recognition.resemblance import Resemblance
from tagbot.recognition.thresholds import DLIB
from tests.curves.people import People

LEARNED = (1, 3, 10)
"""Faces of each person that the model has."""

ASKED = 5
"""Further faces of each, at most, whose person is looked for."""

STRANGERS = 2_000
"""At most: faces of people whom the model does not know."""

MOST = 9
"""Names of the longest line-up that is measured."""


@dataclass(frozen=True, slots=True)
class LineUps:
    """What a model offers that has so many faces of each person."""

    learned: int
    people: int
    asked: int
    """Faces of people whom the model knows."""
    within: NDArray[np.float64]
    """Of those, the share whose person is among the nearest one, two, … and resembles the face."""
    sure: int
    """Of those, the faces of which the machine is sure."""
    right: int
    """Of these, the ones whose person it names."""
    offered: float
    """Of strangers' faces, the share that gets a line-up all the same."""
    wrong: int
    """Of strangers' faces, the ones of which the machine is sure."""
    strangers: int


def line_ups(people: People) -> Iterator[LineUps]:
    """By how many faces are learned; none for more than two people have."""
    chance = np.random.default_rng(1)
    places = {
        name: chance.permutation(np.flatnonzero(people.names == name))
        for name in np.unique(people.names).tolist()
    }
    for learned in LEARNED:
        known = {name: faces for name, faces in places.items() if len(faces) > learned}
        if len(known) > 1:
            others = [int(faces[0]) for name, faces in places.items() if name not in known]
            yield _of(people, known, learned, others[:STRANGERS])


def _of(
    people: People, known: dict[str, NDArray[np.intp]], learned: int, strangers: Sequence[int]
) -> LineUps:
    model = LearnedFaces(DLIB)
    model.put_all(
        (str(face), name, _vector(people, face))
        for name, faces in known.items()
        for face in faces[:learned].tolist()
    )
    asked = [
        (name, face) for name, faces in known.items() for face in faces[learned : learned + ASKED].tolist()
    ]
    ranks = np.zeros(MOST)
    sure, right = 0, 0
    for name, face in asked:
        nearest = model.nearest([_vector(people, face)], MOST)
        said = opinion(nearest, DLIB.nearness)
        sure += said is not None
        right += said is not None and said.person == name
        if name in (names := [each.person for each in nearest]) and _is_offered(nearest):
            ranks[names.index(name) :] += 1
    of_strangers = [model.nearest([_vector(people, face)], MOST) for face in strangers]
    return LineUps(
        learned=learned,
        people=len(known),
        asked=len(asked),
        within=ranks / len(asked),
        sure=sure,
        right=right,
        offered=sum(map(_is_offered, of_strangers)) / max(1, len(of_strangers)),
        wrong=sum(opinion(nearest, DLIB.nearness) is not None for nearest in of_strangers),
        strangers=len(of_strangers),
    )


def _is_offered(nearest: Sequence[Resemblance]) -> bool:
    return bool(nearest) and nearest[0].distance <= DLIB.nearness.resembles


def _vector(people: People, face: int) -> Description:
    return Description(DLIB.model, people.vectors[face].tobytes())
