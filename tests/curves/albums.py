"""What groups are worth: albums with truth, grouped by the bot's own rules."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tagbot.recognition.description import Description
from tagbot.recognition.groups import WaitingFace
from tagbot.recognition.thresholds import DLIB, Near
from tagbot.recognition.waiting_faces import groups
from tests.curves.people import People

LARGEST = 9
"""Faces in a request, as `MAX_GROUP` has it by default."""

STEPS = (-0.08, -0.04, 0.0, 0.04, 0.08)
"""Distances beside the bot's own that are tried."""


@dataclass(frozen=True, slots=True)
class Album:
    """How many faces wait, and whose they are."""

    faces: int
    people: int | None
    """With as many faces each, or one more; None: drawn at random, so that most have one or two."""
    draws: int = 1

    def drawn(self, people: People, seed: int) -> NDArray[np.intp] | None:
        """Its faces, as places in `people`; None where there are not so many."""
        chance = np.random.default_rng(seed)
        if self.people is None:
            every = len(people.names)
            return chance.choice(every, self.faces, replace=False) if every >= self.faces else None
        least, over = divmod(self.faces, self.people)
        by_name = {name: np.flatnonzero(people.names == name) for name in np.unique(people.names).tolist()}
        enough = sorted(name for name, places in by_name.items() if len(places) >= least + bool(over))
        if len(enough) < self.people:
            return None
        chosen = chance.choice(enough, self.people, replace=False).tolist()
        each = [least + (number < over) for number in range(self.people)]
        return np.concatenate(
            [
                chance.choice(by_name[name], count, replace=False)
                for name, count in zip(chosen, each, strict=True)
            ]
        )


ALBUMS = (
    Album(60, 13, draws=10),
    Album(400, 25, draws=5),
    Album(1_000, 34),
    Album(2_000, None),
    Album(10_000, None),
)


@dataclass(frozen=True, slots=True)
class Grouped:
    """What became of an album, in all of its draws, at one distance."""

    distance: float
    faces: int
    people: int
    requests: int
    together: int
    """Faces that share a request."""
    strangers: int
    """Of those, the ones that are not of the person whom most in their request are of."""

    @property
    def wrong(self) -> float:
        """Strangers among 500 faces that share a request."""
        return 500 * self.strangers / max(1, self.together)


def grouped(people: People, album: Album) -> Sequence[Grouped]:
    """At the bot's own distance and some beside it, in order; nothing where there are not so many faces."""
    draws = [album.drawn(people, seed) for seed in range(1, album.draws + 1)]
    own = DLIB.near[DLIB.level(album.faces)].distance
    return [
        _at(round(own + step, 2), people, faces)
        for step in STEPS
        if (faces := [each for each in draws if each is not None])
    ]


def own_distance(album: Album) -> float:
    """The one by which the bot goes for so many faces."""
    return DLIB.near[DLIB.level(album.faces)].distance


def _at(distance: float, people: People, draws: Sequence[NDArray[np.intp]]) -> Grouped:
    requests = [request for faces in draws for request in _requests(people, faces, distance)]
    shared = [request for request in requests if len(request) > 1]
    return Grouped(
        distance,
        faces=sum(map(len, draws)),
        people=sum(len(np.unique(people.names[faces])) for faces in draws),
        requests=len(requests),
        together=sum(map(len, shared)),
        strangers=sum(len(request) - Counter(request).most_common(1)[0][1] for request in shared),
    )


def _requests(people: People, faces: NDArray[np.intp], distance: float) -> Iterator[list[str]]:
    """Whose faces share a request, in the order in which they are asked about."""
    waiting = (
        WaitingFace(
            str(place), f"photo {place}", 1.0, Description(DLIB.model, people.vectors[place].tobytes())
        )
        for place in faces.tolist()
    )
    thresholds = replace(DLIB, near=(Near(len(faces), distance),))
    for request in groups(waiting, thresholds, 2.0, LARGEST):
        yield [str(people.names[int(face)]) for face in request]
