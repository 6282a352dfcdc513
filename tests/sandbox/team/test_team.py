"""What the team's photos are for: the recogniser finds everybody, and tells them apart."""

from collections.abc import Iterator
from itertools import combinations
from statistics import mean

import numpy as np
import pytest

from tagbot.photos.cropping import crop_face
from tagbot.photos.decoding import read_photo
from tagbot.recognition.description import Description
from tagbot.recognition.detector import Detector
from tagbot.sandbox.page.photo_drop import SAMPLES, TEAM_PHOTOS
from tests.recogniser import shared_recogniser
from tests.sandbox.team.mesh import Floats
from tests.sandbox.team.photo import LOOKS_LIKE_ANOTHER, album

LEAST_FACE = 90
"""Pixels."""

APART = 0.5
"""dlib's vectors of one person are nearer than this, those of two people further apart."""


def faces() -> Iterator[tuple[str, bool, Floats]]:
    """Who is in the photos, whether they look like another there, and their vectors as the bot makes them."""
    detector = Detector.for_crops(None)
    for name, picture in zip(TEAM_PHOTOS, album(), strict=True):
        photo = read_photo((SAMPLES / name).read_bytes())
        rectangles = (face.rectangle(photo.size) for face in detector.faces(photo))
        found = sorted(rectangles, key=lambda rectangle: rectangle.left)
        for who, rectangle in zip(picture.names, found, strict=True):
            assert rectangle.width >= LEAST_FACE, name
            described = shared_recogniser().call("describe", crop_face(photo, rectangle, []))
            assert isinstance(described, Description), name
            yield who, picture.odd, np.frombuffer(described.vector, "<f4").astype(float)


@pytest.mark.process
@pytest.mark.ci
def test_everybody_is_found_and_told_apart_but_for_two_who_look_alike() -> None:
    everybody = list(faces())
    plain = [(who, vector) for who, odd, vector in everybody if not odd]
    name, other, _ = LOOKS_LIKE_ANOTHER
    for (one, mine), (another, theirs) in combinations(plain, 2):
        if {one, another} != {name, other}:
            assert (distance(mine, theirs) < APART) == (one == another), (one, another)
    (look_alike,) = (vector for _, odd, vector in everybody if odd)
    assert mean(distance(look_alike, vector) for who, vector in plain if who == other) < APART


def distance(one: Floats, other: Floats) -> float:
    """Between two vectors."""
    return float(np.linalg.norm(one - other))
