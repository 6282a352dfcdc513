"""Whom a face resembles, and which faces are asked about next, among very many."""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from bench.child import in_child
from bench.rounds import Scale
from bench.table import Comparison, Line, at_most
from tagbot.recognition.description import Description
from tagbot.recognition.groups import WaitingFace
from tagbot.recognition.nearest_people import LearnedFaces
from tagbot.recognition.thresholds import DLIB
from tagbot.recognition.waiting_faces import WaitingFaces

NOTE = """\
**Likeness.** Made-up vectors of 128 numbers, 20 of each person, on one core. Nearest people: of one face,
or of a request of nine, among all that is learned. Next request: the group of nine is chosen and leaves,
while new faces arrive that have to be compared with all that wait. Medians of each round."""

ONE_CORE = ("env", "OPENBLAS_NUM_THREADS=1")

EACH = 20
"""Faces of a person."""

TURNS = 15

MILLISECONDS = {"nearest people of a face": 20.0, "nearest people of nine": 100.0, "next request": 100.0}
"""That it may take."""


def measure(scale: Scale) -> Iterator[Line]:
    """Each act beside the time that it may take."""
    faces = scale.of(100_000, 10_000)
    rounds = in_child(f"{__name__}:milliseconds", under=ONE_CORE, faces=faces, rounds=scale.rounds)
    for act, most in MILLISECONDS.items():
        yield Comparison(
            f"{act}, {faces:,} faces",
            [each[act] for each in rounds],
            [most] * len(rounds),
            "it may take",
            "ms",
            at_most(1),
        )


def milliseconds(faces: int, rounds: int) -> list[Mapping[str, float]]:
    """In a child: medians by act, for each round."""
    album = [Description(DLIB.model, each.tobytes()) for each in _vectors(faces)]
    learned, waiting = LearnedFaces(DLIB), WaitingFaces(DLIB)
    learned.put_all((_id(number), f"person {number // EACH}", each) for number, each in enumerate(album))
    for number in np.random.default_rng(2).permutation(faces).tolist():
        waiting.put(_face(number, album[number]))
    while not waiting.take_in():
        pass
    return [_round(number, album, learned, waiting) for number in range(rounds)]


def _round(
    number: int, album: list[Description], learned: LearnedFaces, waiting: WaitingFaces
) -> Mapping[str, float]:
    taken: dict[str, list[float]] = {act: [] for act in MILLISECONDS}
    for turn in range(number * TURNS, (number + 1) * TURNS):
        nine = album[turn * EACH : turn * EACH + 9]
        taken["nearest people of a face"].append(_milliseconds(partial(learned.nearest, nine[:1], 4)))
        taken["nearest people of nine"].append(_milliseconds(partial(learned.nearest, nine, 4)))
        for arriving, each in enumerate(nine):
            waiting.put(_face(len(album) + turn * EACH + arriving, each))
        taken["next request"].append(_milliseconds(lambda: waiting.remove(waiting.next_group(2.0, 9))))
    return {act: float(np.median(values)) for act, values in taken.items()}


def _vectors(count: int) -> np.typing.NDArray[np.float32]:
    """A person's lie about 0.3 apart, two people's 0.8, as dlib's do."""
    chance = np.random.default_rng(1)
    people = chance.standard_normal((count // EACH, 1, 128)) / 20
    faces = people + chance.standard_normal((count // EACH, EACH, 128)) / 53
    return faces.reshape(-1, 128).astype("<f4")


def _face(number: int, vector: Description) -> WaitingFace:
    return WaitingFace(_id(number), f"photo {number}", 1.0, vector)


def _id(number: int) -> str:
    return str(uuid.UUID(int=number))


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)
